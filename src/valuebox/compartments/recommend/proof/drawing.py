"""The picture of daily looks: how the interval of the primary figure narrows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from valuebox.compartments.recommend.proof.schemas import Look
from valuebox.pages.marks import BOTTOM, RIGHT, TOP, Axes, Bar, Tick, ticks
from valuebox.pages.readable import change, interval
from valuebox.pages.scales import Scale, nice, thinned

_LEFT: Final = 9.0
"""Where marks begin: changes in percent are written beside them."""
_LABELS: Final = 5
_WIDEST: Final = 0.5
"""How far the picture reaches: what is wider is cut."""


@dataclass(frozen=True)
class LooksChart:
    """A line of changes by day within its band; as points of a polyline and a polygon."""

    axes: Axes
    zero: float
    line: str
    band: str
    strips: Sequence[Bar]


def of_looks(looks: Sequence[Look]) -> LooksChart | None:
    """Looks of one arm, from the first day on which anything could be said; None of none."""
    shown = [one for one in looks if one.lower is not None and one.change is not None]
    if not shown:
        return None
    values = [
        max(min(value, _WIDEST), -_WIDEST)
        for one in shown
        for value in (one.change, one.lower, one.upper, 0.0)
        if value is not None
    ]
    down = nice(min(values), max(values))
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    step = (RIGHT - _LEFT) / len(shown)
    places = [round(_LEFT + (number + 0.5) * step, 3) for number in range(len(shown))]

    def points(ends: Sequence[float | None]) -> list[str]:
        return [
            f"{at},{scale(_WIDEST if end is None else end)}"
            for at, end in zip(places, ends, strict=True)
        ]

    upper, lower = points([one.upper for one in shown]), points([one.lower for one in shown])
    strips = [
        Bar(round(at - step / 2, 3), round(step, 3), 0, BOTTOM, 0, _said(one))
        for at, one in zip(places, shown, strict=True)
    ]
    across = [
        Tick(places[number], f"{shown[number].day.day} {shown[number].day:%b}")
        for number in thinned(len(shown), _LABELS)
    ]
    return LooksChart(
        Axes(ticks(down, scale, change), across),
        scale(0.0),
        " ".join(points([one.change for one in shown])),
        " ".join([*upper, *reversed(lower)]),
        strips,
    )


def _said(one: Look) -> str:
    ends = interval(one.lower, one.upper, change)
    return f"{one.day.day} {one.day:%b %Y}: {change(one.change)} ({ends})"
