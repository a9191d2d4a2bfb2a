"""Output that loses nothing: in narrow windows, through pipes, and in any encoding."""

import codecs
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from rich.console import Console, Group
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from valuebox.pages.readable import escaped
from valuebox_cli.terminal.blocks import blocks

# As wide as a name is left at least, before it goes on in the next line.
_NAME: Final = 16
# Minus, dashes and quotation marks, times, arrows, brackets, and what stands for a blank.
_ALIKE: Final = dict(
    zip(
        "\u2212\u2013\u2014\u2011\u2026\u2019\u2018\u201c\u201d\u00d7\u00b7\u2192\u2190\u27e8\u27e9\u2423\u2022",
        "----.''\"\"x.><<>_*",
        strict=True,
    )
)
_REPLACE: Final = "valuebox-replace"


class Speaker(Console):
    """A console that prints tables whole.

    Columns with `no_wrap`, or a `min_width`, hold figures: they are neither cut nor broken. Where a
    window (or `COLUMNS`) is too narrow, each row becomes a block of lines; in a pipe, where 80
    columns are taken for one, the table is wider. Other columns hold names, which go on in the
    next line.

    A terminal would obey some of what callers have sent: every `str`, in a table too, is shown by
    `escaped`. What is of several lines is printed line by line, or as a `Text` of our own.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; see `Console.print`."""
        width = max((_least(self, one) for one in objects if isinstance(one, Table)), default=0)
        given = self._width
        if width > self.width:
            if self.is_terminal or "COLUMNS" in self._environ:
                objects = tuple(self._folded(objects))
                options = {"overflow": "fold", **options}
            else:
                self.width = width
        try:
            super().print(*objects, **options)
        finally:
            self._width = given

    def _folded(self, objects: Iterable[Any]) -> Iterator[Any]:
        for one in objects:
            yield Group(*blocks(self, one)) if isinstance(one, Table) else one

    def render_str(self, text: str, **options: Any) -> Text:
        """A text as it is shown; see `Console.render_str`."""
        return super().render_str(escaped(text), **options)


def _least(console: Console, table: Table) -> int:
    """Columns of the window that a table needs; its columns of names are made to fold."""
    width = table._extra_width
    for column in table.columns:
        if not column.no_wrap:
            column.overflow = "fold"
        cells = [*column.cells, column.header if table.show_header else ""]
        widest = max(Measurement.get(console, console.options, cell).maximum for cell in cells)
        least = widest if column.no_wrap else min(widest, _NAME)
        padding = table.padding[1] + table.padding[3]
        width += (least if column.min_width is None else column.min_width) + padding
    return width


def speak_anywhere() -> None:
    """Have what the terminal cannot show replaced by what looks alike, instead of failing."""
    codecs.register_error(_REPLACE, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors=_REPLACE)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(map(_alike, letters)), error.end


def _alike(letter: str) -> str:
    """What an ASCII terminal shows instead of a letter."""
    if letter in _ALIKE:
        return _ALIKE[letter]
    plain = unicodedata.normalize("NFKD", letter)
    kept = "".join(one for one in plain if one.isascii())
    return kept or ("" if unicodedata.combining(letter) else "?")


def hush() -> None:
    """Let nothing more be written to stdout, which has failed."""
    # Where it is no file there is nothing that could fail again.
    with suppress(OSError), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
