"""Tables as pages show them and as CSV holds them."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

Kind = Literal["text", "count", "figure", "index", "p", "percent", "moment", "amounts", "shares"]
"""How a value is written; amounts and shares are those at both ends of an interval."""

_ROOM: Final[dict[Kind, float]] = {
    "text": 8, "count": 5, "figure": 6.5, "index": 5, "p": 5, "percent": 5, "moment": 9,
    "amounts": 11, "shares": 8,
}  # fmt: skip
WIDTHS: Final = (24, 36, 48, 60)
"""Of tables, in units of the letters' size (rem): styles know these few."""

# A spreadsheet would take a text that begins with one of these for something to work out.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Column:
    """A column: what programs call it, what people do, and where its values come from."""

    name: str
    label: str
    kind: Kind
    of: Callable[[Any], Any]


@dataclass(frozen=True)
class Table:
    """What it is called, and its columns."""

    name: str
    columns: Sequence[Column]

    @property
    def room(self) -> int:
        """The width that it needs on a page."""
        return room(sum(_ROOM[column.kind] for column in self.columns))

    def rows(self, found: Sequence[Any]) -> list[list[tuple[Kind, Any]]]:
        """The cells of the table."""
        return [[(column.kind, column.of(one)) for column in self.columns] for one in found]

    def csv(self, found: Sequence[Any]) -> str:
        """The table for programs: RFC 4180, moments in UTC, nothing for what is not known."""
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerow([column.name for column in self.columns])
        for cells in self.rows(found):
            writer.writerow([_plain(value) for _, value in cells])
        return written.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


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
