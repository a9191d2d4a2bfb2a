"""Pictures of gains and of rates on the page: where their marks lie, and how warm cells are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from valuebox.statistics.gain import GainCurve

_SIDE: Final = 100.0
"""Width and height of a gain curve, in units of its own."""


@dataclass(frozen=True)
class GainPicture:
    """A gain curve in a square of 100 by 100, the origin at the top left."""

    curve: GainCurve
    line: str
    """Points of the curve."""
    band: str
    """Points around the band of the curve."""


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
