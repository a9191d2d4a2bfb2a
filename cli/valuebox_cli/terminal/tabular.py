"""Tables in the terminal: long names fold, figures are never cut."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.table import Table

from valuebox.pages.readable import visible
from valuebox_cli.terminal.console import out

_NARROWEST: Final = 12
"""Letters that a line of a folded name has at least."""


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    total: Sequence[str] | None = None,
) -> None:
    """Print a table whose first column holds names, the others figures.

    Where a window is too narrow for the figures each row becomes a block; see `Speaker`.

    Args:
        title: Written above.
        columns: Headings.
        rows: Cells of each row, as many as there are columns.
        total: A last row, set apart.
    """
    found = [[visible(row[0]), *row[1:]] for row in rows]
    whole = [*found, total] if total else found
    table = Table(
        title=visible(title), box=box.SIMPLE_HEAD, title_justify="left",
        pad_edge=False, show_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for number, name in enumerate(map(visible, columns)):
        longest = max((cell_len(row[number]) for row in whole), default=0)
        word = min(max(map(cell_len, name.split()), default=0), _NARROWEST)
        table.add_column(
            name,
            justify="right" if number else "left",
            min_width=max(longest if number else min(longest, _NARROWEST), word),
            overflow="fold",
        )
    for row in found:
        table.add_row(*row)
    if total:
        table.add_section()
        table.add_row(*total)
    out.print(table)
