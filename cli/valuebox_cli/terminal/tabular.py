"""Tables in the terminal: long names fold, figures are never cut."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.table import Table

from valuebox.pages.readable import visible
from valuebox_cli.terminal.console import out

_NARROWEST: Final = 12
"""Letters that a line of a folded text has at least."""


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    totals: Sequence[Sequence[str]] = (),
    caption: str = "",
    texts: Collection[int] = (0,),
) -> None:
    """Print a table whose first column says what a row is of; the others hold figures.

    Where a window is too narrow for the figures each row becomes a block; see `Speaker`.

    Args:
        title: Written above; empty for none.
        columns: Headings.
        rows: Cells of each row, as many as there are columns.
        totals: Last rows, set apart.
        caption: Written below: what the headings mean.
        texts: Columns, counted from 0, that may go on in the next line.
    """
    found = [_shown(row, texts) for row in rows]
    whole = [*found, *totals]
    table = Table(
        title=visible(title) or None, title_justify="left",
        caption=caption or None, caption_justify="left",
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for number, name in enumerate(map(visible, columns)):
        longest = max((cell_len(row[number]) for row in whole), default=0)
        word = min(max(map(cell_len, name.split()), default=0), _NARROWEST)
        is_text = number in texts
        table.add_column(
            name,
            justify="left" if is_text or number == 0 else "right",
            min_width=max(min(longest, _NARROWEST) if is_text else longest, word),
            overflow="fold",
        )
    for row in found:
        table.add_row(*row)
    if totals:
        table.add_section()
    for row in totals:
        table.add_row(*row)
    out.print(table)


def print_named(values: Mapping[str, str]) -> None:
    """Print values beside what each of them is called, a line for each."""
    table = Table.grid(padding=(0, 2))
    for name, value in values.items():
        table.add_row(name, value)
    out.print(table)


def _shown(row: Sequence[str], texts: Collection[int]) -> Sequence[str]:
    return [visible(cell) if number in texts else cell for number, cell in enumerate(row)]
