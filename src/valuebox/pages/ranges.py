"""What was foretold with its interval, and what came true, in the rows of a table: on one scale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from valuebox.pages.scales import Scale, nice


class Foretold(Protocol):
    """A value that was foretold, with its interval and what came true as far as they are known."""

    @property
    def predicted(self) -> float:
        """What was foretold."""

    @property
    def lower(self) -> float | None:
        """Lower end of the interval."""

    @property
    def upper(self) -> float | None:
        """Upper end of the interval."""

    @property
    def actual(self) -> float | None:
        """What came true."""

    @property
    def is_inside(self) -> bool | None:
        """Whether the interval holds what came true."""


@dataclass(frozen=True)
class RangeMark:
    """One of them in a row of a table; all in percent of the width."""

    left: float | None
    width: float
    predicted: float
    actual: float | None
    is_inside: bool | None


def in_rows(found: Sequence[Foretold]) -> list[RangeMark]:
    """Where each lies, below each other."""
    if not found:
        return []
    down = round_values(values_of(found))
    scale = Scale(down[0], down[-1], 2, 98)
    marks = []
    for one in found:
        left = None if one.lower is None else scale(one.lower)
        marks.append(
            RangeMark(
                left=left,
                width=0 if left is None or one.upper is None else scale(one.upper) - left,
                predicted=scale(one.predicted),
                actual=None if one.actual is None else scale(one.actual),
                is_inside=one.is_inside,
            )
        )
    return marks


def values_of(found: Iterable[Foretold]) -> list[float]:
    """All values that a picture of them has to hold."""
    known = (value for one in found for value in (one.predicted, one.lower, one.upper, one.actual))
    return [value for value in known if value is not None]


def round_values(values: Sequence[float]) -> list[float]:
    """Round values, from at most the least of some to at least the greatest."""
    low, high = min(values), max(values)
    # Amounts are shown from nothing on, unless that would leave most of the picture empty.
    return nice(0.0 if 0 <= low < 0.3 * high else low, high)
