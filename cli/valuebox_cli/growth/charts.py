"""Pictures of lifts and gains on the page: where their marks lie."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from valuebox.compartments.growth.change.lift import Lift
from valuebox.pages.marks import Tick
from valuebox.pages.readable import change
from valuebox.pages.scales import Scale, within
from valuebox.statistics.gain import GainCurve

_SIDE: Final = 100.0
"""Width and height of a gain curve, in units of its own."""
_WIDEST: Final = 3.0
"""How far the picture of lifts reaches at most: 3 is 300 % more."""
_LEFT: Final = 4.0
_RIGHT: Final = 96.0


@dataclass(frozen=True)
class LiftMark:
    """A lift in a row of a table; all in percent of the width."""

    lift: Lift
    left: float
    width: float | None
    """Width of the interval; None where it is withheld."""
    goes_on: bool
    """Whether the interval reaches beyond the picture."""
    at: float | None
    """Position of the lift; None without a baseline to compare with, or beyond the picture."""


@dataclass(frozen=True)
class LiftPicture:
    """Lifts below each other, on one scale."""

    marks: Sequence[LiftMark]
    zero: float
    ticks: Sequence[Tick]


@dataclass(frozen=True)
class GainPicture:
    """A gain curve in a square of 100 by 100, the origin at the top left."""

    curve: GainCurve
    line: str
    """Points of the curve."""
    band: str
    """Points around the band of the curve."""


def lifts(found: Sequence[Lift]) -> LiftPicture | None:
    """Lifts and their intervals; None without any."""
    if not found:
        return None
    known = [value for one in found for value in (one.lift, one.lower, one.upper, 0.0)]
    ends = [min(value, _WIDEST) for value in known if value is not None]
    low, high = min(ends), max(max(ends), 0.1)
    scale = Scale(low, high, _LEFT, _RIGHT)
    marks = []
    for one in found:
        left = scale(-1.0 if one.lower is None else one.lower)
        right = scale(_WIDEST if one.upper is None else one.upper)
        goes_on = one.no_interval is None and (one.upper is None or one.upper > _WIDEST)
        at = None if one.lift is None or one.lift > _WIDEST else scale(one.lift)
        width = None if one.no_interval else round(right - left, 3)
        marks.append(LiftMark(one, left, width, goes_on, at))
    ticks = [Tick(scale(value), change(value)) for value in within(low, high)]
    return LiftPicture(marks, scale(0.0), ticks)


def gain(curve: GainCurve) -> GainPicture:
    """A gain curve from nobody to everybody."""
    ends = [(0.0, 0.0, 0.0)]
    ends += [(one.share, one.band_lower, one.band_upper) for one in curve.points]
    ends += [(1.0, 1.0, 1.0)]
    middle = [(0.0, 0.0), *((one.share, one.gain) for one in curve.points), (1.0, 1.0)]
    upper = [(share, high) for share, _, high in ends]
    lower = [(share, low) for share, low, _ in reversed(ends)]
    return GainPicture(curve, _points(middle), _points([*upper, *lower]))


def heat(rate: float, most: float) -> int:
    """How warm a cell is, in percent: 0 for nothing, 100 for the warmest."""
    return 0 if most <= 0 else min(100, max(0, round(100 * rate / most)))


def heat_style() -> str:
    """The ground of each warmth. A content policy lets no cell have a style of its own."""
    ground = "color-mix(in oklab, var(--heat) {percent}%, var(--card))"
    return "".join(
        f".h{percent} {{ background: {ground.format(percent=percent)}; }}\n"
        for percent in range(1, 101)
    )


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_SIDE * x:.2f},{_SIDE * (1 - y):.2f}" for x, y in places)
