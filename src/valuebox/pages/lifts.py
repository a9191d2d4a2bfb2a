"""Changes in percent and their intervals, in the rows of a table: on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from valuebox.pages.marks import Tick
from valuebox.pages.readable import change
from valuebox.pages.scales import Scale, within

_WIDEST: Final = 3.0
"""How far the picture reaches at most: 3 is 300 % more."""
_LEFT: Final = 4.0
_RIGHT: Final = 96.0


class Lifted(Protocol):
    """A change, as a share of what it is compared with."""

    @property
    def lift(self) -> float | None:
        """The change; None without anything to compare with."""

    @property
    def lower(self) -> float | None:
        """Lower end of its interval; None where that is everything below."""

    @property
    def upper(self) -> float | None:
        """Upper end of its interval; None where that is everything above."""

    @property
    def no_interval(self) -> str | None:
        """Why there is no interval; None where there is one."""


L = TypeVar("L", bound=Lifted)


@dataclass(frozen=True)
class LiftMark(Generic[L]):
    """A change in a row of a table; all in percent of the width."""

    lift: L
    left: float
    width: float | None
    """Width of the interval; None where it is withheld."""
    goes_on: bool
    """Whether the interval reaches beyond the picture."""
    at: float | None
    """Position of the change; None without a baseline to compare with, or beyond the picture."""


@dataclass(frozen=True)
class LiftPicture(Generic[L]):
    """Changes below each other, on one scale."""

    marks: Sequence[LiftMark[L]]
    zero: float
    ticks: Sequence[Tick]


def lifts(found: Sequence[L], widest: float = _WIDEST) -> LiftPicture[L] | None:
    """Changes and their intervals; None without any.

    Args:
        found: From the top down.
        widest: How far the picture reaches at most.
    """
    if not found:
        return None
    known = [value for one in found for value in (one.lift, one.lower, one.upper, 0.0)]
    ends = [min(value, widest) for value in known if value is not None]
    low, high = min(ends), max(max(ends), 0.1)
    scale = Scale(low, high, _LEFT, _RIGHT)
    marks = []
    for one in found:
        left = scale(-1.0 if one.lower is None else one.lower)
        right = scale(widest if one.upper is None else one.upper)
        goes_on = one.no_interval is None and (one.upper is None or one.upper > widest)
        at = None if one.lift is None or one.lift > widest else scale(one.lift)
        width = None if one.no_interval else round(right - left, 3)
        marks.append(LiftMark(one, left, width, goes_on, at))
    ticks = [Tick(scale(value), change(value)) for value in within(low, high)]
    return LiftPicture(marks, scale(0.0), ticks)
