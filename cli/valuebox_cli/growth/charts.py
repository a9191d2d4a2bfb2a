"""The pictures of the page: where their marks lie."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from valuebox.dashboard.marks import (
    BOTTOM,
    COLOURS,
    LEFT,
    RIGHT,
    TOP,
    Axes,
    Bar,
    BarChart,
    Tick,
    ticks,
)
from valuebox.dashboard.scales import Scale, nice, thinned
from valuebox.growth.counts import Action
from valuebox.growth.counts import Bar as Count
from valuebox.growth.gain import GainCurve
from valuebox.growth.lift import Lift

MOST_COLUMNS: Final = 24
_LABELS: Final = 12
_LETTERS: Final = 64
"""Of all labels below a picture together, so that they do not run into each other."""
_SIDE: Final = 100.0
"""Width and height of a gain curve, in units of its own."""
_WIDEST: Final = 3.0
"""How far the picture of lifts reaches at most: 3 is 300 % more."""


@dataclass(frozen=True)
class LiftMark:
    """A lift in a row of a table; all in percent of the width."""

    lift: Lift
    left: float
    width: float
    at: float | None
    """None where the baseline is nothing to be compared with."""


@dataclass(frozen=True)
class LiftPicture:
    """Lifts below each other, on one scale."""

    marks: Sequence[LiftMark]
    zero: float


@dataclass(frozen=True)
class GainPicture:
    """A gain curve in a square of 100 by 100, the origin at the top left."""

    curve: GainCurve
    line: str
    """Points of the curve."""
    band: str
    """Points of its band, all around."""


def histogram(counts: Sequence[Count], unit: str) -> BarChart | None:
    """A bar for each count; None of none."""
    return stacked({one.name: {unit: one.count} for one in counts}, [unit])


def by_group(actions: Iterable[Action], types: Sequence[str]) -> BarChart | None:
    """What each group of customers does, stacked by type."""
    columns: dict[str, Counter[str]] = {}
    for one in actions:
        columns.setdefault(one.group, Counter())[one.type] += one.events
    return stacked(columns, types)


def by_category(actions: Iterable[Action], types: Sequence[str]) -> BarChart | None:
    """What is done in each category, stacked by type."""
    columns: dict[str, Counter[str]] = {}
    for one in actions:
        columns.setdefault(one.category, Counter())[one.type] += one.events
    return stacked(columns, types)


def stacked(columns: Mapping[str, Mapping[str, int]], series: Sequence[str]) -> BarChart | None:
    """A column for each name, a colour for each series; None without any columns.

    Of more than 24 columns the highest ones are shown.
    """
    heights = {name: sum(parts.values()) for name, parts in columns.items()}
    shown = set(sorted(heights, key=lambda name: -heights[name])[:MOST_COLUMNS])
    names = [name for name in columns if name in shown]
    if not names or not max(heights.values()):
        return None
    down = nice(0, max(heights.values()))
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    step = (RIGHT - LEFT) / len(names)
    bars, across = [], []
    labelled = thinned(len(names), _LABELS)
    longest = _LETTERS // len(labelled)
    for number, name in enumerate(names):
        left, below = LEFT + (number + 0.15) * step, 0
        for colour, part in enumerate(series):
            if count := columns[name].get(part, 0):
                top, foot = scale(below + count), scale(below)
                share = f" ({count / heights[name]:.0%})" if len(series) > 1 else ""
                bars.append(
                    Bar(
                        round(left, 3),
                        round(step * 0.7, 3),
                        top,
                        round(foot - top, 3),
                        min(colour, COLOURS - 1),
                        f"{name}: {count:,} {part}{share}",
                    )
                )
                below += count
        if number in labelled:
            across.append(Tick(round(LEFT + (number + 0.5) * step, 3), _short(name, longest)))
    return BarChart(Axes(ticks(down, scale), across), bars, series=series)


def lifts(found: Sequence[Lift]) -> LiftPicture | None:
    """Lifts and their intervals; None of none."""
    if not found:
        return None
    known = [value for one in found for value in (one.lift, one.lower, one.upper, 0.0)]
    ends = [min(value, _WIDEST) for value in known if value is not None]
    scale = Scale(min(ends), max(max(ends), 0.1), 3, 97)
    marks = []
    for one in found:
        left = scale(-1.0 if one.lower is None else one.lower)
        right = scale(_WIDEST if one.upper is None else one.upper)
        if one.no_interval:
            left = right = scale(0.0)
        at = None if one.lift is None else scale(one.lift)
        marks.append(LiftMark(one, left, round(right - left, 3), at))
    return LiftPicture(marks, scale(0.0))


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
    """How warm a cell is: 0 for nothing, 9 for the warmest."""
    return 0 if rate <= 0 or most <= 0 else 1 + min(8, int(9 * rate / most))


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_SIDE * x:.2f},{_SIDE * (1 - y):.2f}" for x, y in places)


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
