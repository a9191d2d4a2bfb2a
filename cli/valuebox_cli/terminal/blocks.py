"""A table in a window that is narrower than its figures: a block of lines for each row."""

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_INDENT: Final = "  "
_BETWEEN: Final = "  "


def blocks(console: Console, table: Table) -> Iterator[Text]:
    """The title and what is named, then of each row its name, and its figures with their headings.

    Lines break between figures, never within one, unless a single one is longer than a line.

    Args:
        console: Whose width the lines have.
        table: Its first column holds names; cells are texts.
    """
    if table.title:
        yield _text(console, table.title, "table.title")
    heads = [_text(console, column.header, "table.header") for column in table.columns]
    if heads[0].plain:
        yield heads[0]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        name, *figures = (_text(console, cell) for cell in cells)
        yield name
        shown = [
            Text.assemble(head, " ", figure) if head.plain else figure
            for head, figure in zip(heads[1:], figures, strict=True)
            if figure.plain
        ]
        yield from _lines(shown, console.width)
    if table.caption:
        yield _text(console, table.caption, "table.caption")


def _lines(parts: list[Text], width: int) -> Iterator[Text]:
    """Parts beside each other, in as many lines as they need."""
    line = Text(_INDENT)
    for part in parts:
        is_first = line.plain == _INDENT
        if not is_first and cell_len(line.plain + _BETWEEN) + part.cell_len > width:
            yield line
            line, is_first = Text(_INDENT), True
        line += part if is_first else Text(_BETWEEN) + part
    if parts:
        yield line


def _text(console: Console, shown: object, style: str = "") -> Text:
    return shown if isinstance(shown, Text) else console.render_str(str(shown), style=style)
