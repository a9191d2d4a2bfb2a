"""Tables as pages show them and as CSV holds them."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal

from valuebox.pages import readable
from valuebox.pages.readable import NOTHING
from valuebox.pages.spreadsheets import write_rows

Kind = Literal[
    "text",
    "count",
    "figure",
    "whole",
    "gain",
    "share",
    "points",
    "index",
    "p",
    "percent",
    "moment",
    "amounts",
    "shares",
]
"""How a value is written; amounts and shares are those at both ends of an interval.

A `share` has a decimal more than a `percent`, and `points` are differences of shares. A `whole` is
an amount without decimals, and a `gain` the difference of two.
"""

WRITTEN: Final[dict[Kind, Callable[[Any], str]]] = {
    "text": lambda value: NOTHING if value is None else readable.visible(str(value)),
    "count": readable.count,
    "figure": readable.figure,
    "whole": readable.whole,
    "gain": readable.gain,
    "share": partial(readable.percent, decimals=1),
    "points": readable.points,
    "index": readable.index,
    "p": readable.p_value,
    "percent": readable.percent,
    "moment": lambda value: NOTHING if value is None else f"{value:%Y-%m-%d %H:%M}",
    "amounts": lambda ends: readable.interval(ends[0], ends[1], readable.figure),
    "shares": lambda ends: readable.interval(ends[0], ends[1], readable.percent),
}
"""How values of each kind are written for people."""

WIDTHS: Final = (24, 32, 40, 48, 56, 64, 70, 96)
"""Widths of tables, in units of the letters' size (rem); styles know these few."""
_LETTER: Final = 0.56
"""Width of a letter in a table, and of what is around the letters of a cell."""
_AROUND: Final = 1.25
_TEXT: Final = 20
"""Letters of a text beyond which it has a second line."""


@dataclass(frozen=True)
class Column:
    """A column: what programs call it, what people do, and where its values come from."""

    name: str
    label: str
    kind: Kind
    of: Callable[[Any], Any]


@dataclass(frozen=True)
class Table:
    """A table: its name and its columns."""

    name: str
    columns: Sequence[Column]

    def known(self, found: Sequence[Any]) -> "Table":
        """The table without columns of which nothing is known."""
        unknown = (None, (None, None))
        columns = [
            column for column in self.columns if any(column.of(one) not in unknown for one in found)
        ]
        return replace(self, columns=columns)

    def room(self, found: Sequence[Any]) -> int:
        """The width that the table needs on a page."""
        needed = 0.0
        for column in self.columns:
            longest = max((len(WRITTEN[column.kind](column.of(one))) for one in found), default=0)
            if column.kind == "text":
                longest = min(longest, _TEXT)
            # Headings break between words; an arrow beside them shows the order.
            word = 2 + max(map(len, column.label.split()))
            needed += _LETTER * max(longest, word) + _AROUND
        return room(needed)

    def rows(self, found: Sequence[Any]) -> list[list[tuple[Kind, Any]]]:
        """The cells of the table."""
        return [[(column.kind, column.of(one)) for column in self.columns] for one in found]

    def csv(self, found: Sequence[Any]) -> str:
        """The table for programs and spreadsheets; see `spreadsheets`. Moments are in UTC."""
        written = io.StringIO()
        rows = ([value for _, value in cells] for cells in self.rows(found))
        write_rows(written, [column.name for column in self.columns], rows)
        return written.getvalue()


def room(needed: float) -> int:
    """The width below which a table becomes a block for each of its rows, on screen and paper."""
    return next((step for step in WIDTHS if step >= needed), WIDTHS[-1])


def ends(name: str, kind: Kind, label: str = "90 % interval") -> Column:
    """A column of intervals, whose ends are called `_lower` and `_upper`."""
    lower, upper = f"{name}_lower", f"{name}_upper"
    return Column(name, label, kind, lambda one: (getattr(one, lower), getattr(one, upper)))


def column(name: str, label: str, kind: Kind, attribute: str | None = None) -> Column:
    """A column whose values are those of an attribute, by default the one of its name."""
    attribute = attribute or name
    return Column(name, label, kind, lambda one: getattr(one, attribute))
