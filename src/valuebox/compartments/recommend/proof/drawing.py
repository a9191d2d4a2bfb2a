"""The picture of daily looks: how the interval of a change, or of a share, narrows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from valuebox.compartments.recommend.proof.schemas import Look, PreferenceLook
from valuebox.pages.marks import BOTTOM, RIGHT, TOP, Axes, Bar, Tick, ticks
from valuebox.pages.readable import change, interval, percent
from valuebox.pages.scales import Scale, nice, thinned

_LEFT: Final = 9.0
"""Where marks begin: changes in percent are written beside them."""
_LABELS: Final = 5
_WIDEST: Final = 0.5
"""How far the picture reaches: what is wider is cut."""


@dataclass(frozen=True)
class LooksChart:
    """A line by day within its band; as points of a polyline and a polygon."""

    axes: Axes
    zero: float
    """Where nothing differs."""
    line: str
    band: str
    strips: Sequence[Bar]


class _Shown(NamedTuple):
    """A look that is drawn."""

    day: date
    value: float
    lower: float
    upper: float
    text: str


def of_looks(looks: Sequence[Look]) -> LooksChart | None:
    """Looks of one arm, from the first day on which anything could be said; None of none."""
    return _drawn(
        [
            _Shown(
                one.day,
                _cut(one.change),
                _cut(one.lower),
                _WIDEST if one.upper is None else _cut(one.upper),
                f"{change(one.change)} ({interval(one.lower, one.upper, change)})",
            )
            for one in looks
            if one.lower is not None and one.change is not None
        ],
        0.0,
        change,
    )


def of_shares(looks: Sequence[PreferenceLook]) -> LooksChart | None:
    """Shares that prefer the second ranking, beside a half; None where nothing could be said."""
    return _drawn(
        [
            _Shown(
                *(one.day, one.share, one.lower, one.upper),
                f"{percent(one.share, 1)} ({interval(one.lower, one.upper, percent)})",
            )
            for one in looks
            if one.lower is not None and one.upper is not None
        ],
        0.5,
        percent,
    )


def _cut(value: float) -> float:
    return max(min(value, _WIDEST), -_WIDEST)


def _drawn(
    shown: Sequence[_Shown], same: float, write: Callable[[float], str]
) -> LooksChart | None:
    if not shown:
        return None
    values = [same, *(value for one in shown for value in one[1:4])]
    down = nice(min(values), max(values))
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    step = (RIGHT - _LEFT) / len(shown)
    places = [round(_LEFT + (number + 0.5) * step, 3) for number in range(len(shown))]

    def points(ends: Sequence[float]) -> list[str]:
        return [f"{at},{scale(end)}" for at, end in zip(places, ends, strict=True)]

    upper, lower = points([one.upper for one in shown]), points([one.lower for one in shown])
    strips = [
        Bar(
            *(round(at - step / 2, 3), round(step, 3), 0, BOTTOM, 0),
            f"{one.day.day} {one.day:%b %Y}: {one.text}",
        )
        for at, one in zip(places, shown, strict=True)
    ]
    across = [
        Tick(places[number], f"{shown[number].day.day} {shown[number].day:%b}")
        for number in thinned(len(shown), _LABELS)
    ]
    return LooksChart(
        Axes(ticks(down, scale, write), across),
        scale(same),
        " ".join(points([one.value for one in shown])),
        " ".join([*upper, *reversed(lower)]),
        strips,
    )
