"""The pictures of the dashboard: where their marks lie."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from valuebox.pages.marks import (
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
from valuebox.pages.ranges import round_values, values_of
from valuebox.pages.readable import compact
from valuebox.pages.rendering import when
from valuebox.pages.scales import Scale, nice, thinned
from valuebox.predictions.sums.answers import ArrivalDay, CohortMean, PredictionBin

_LABELS: Final = 6
_FEWEST: Final = 3
_WIDEST: Final = 6.0


@dataclass(frozen=True)
class CohortMark:
    """A cohort: its interval, what was predicted and what came true."""

    at: float
    left: float
    width: float
    predicted: float
    top: float | None
    """Position of the interval's upper end; None without an interval."""
    height: float
    actual: float | None
    is_inside: bool | None
    cohort: CohortMean


@dataclass(frozen=True)
class CohortChart:
    """Cohorts of one segment over time."""

    axes: Axes
    marks: Sequence[CohortMark]


def share(value: float) -> str:
    """A round share as it is written beside a picture: 0.01 %, 2.5 %, 99.9 %."""
    return f"{100 * value:.4g}\N{NO-BREAK SPACE}%"


def over_time(
    cohorts: Sequence[CohortMean], write: Callable[[float], str] = compact
) -> CohortChart | None:
    """Cohorts of one segment in order of time, with gaps where there were none; None of none.

    Args:
        cohorts: Of one segment, in order of time.
        write: Writes the values beside the picture.
    """
    if not cohorts:
        return None
    down = round_values(values_of(cohorts))
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    places = [place_of(one.period) for one in cohorts]
    slots = places[-1] - places[0] + 1
    step = (RIGHT - LEFT) / slots
    width = min(step * 0.7, _WIDEST)
    marks = []
    for place, one in zip(places, cohorts, strict=True):
        at = LEFT + (place - places[0] + 0.5) * step
        ends = None if one.lower is None or one.upper is None else (one.lower, one.upper)
        top = scale(ends[1]) if ends else None
        marks.append(
            CohortMark(
                at=round(at, 3),
                left=round(at - width / 2, 3),
                width=round(width, 3),
                predicted=scale(one.predicted),
                top=top,
                height=round(scale(ends[0]) - (top or 0), 3) if ends else 0,
                actual=None if one.actual is None else scale(one.actual),
                is_inside=one.is_inside,
                cohort=one,
            )
        )
    across = [
        Tick(marks[number].at, when(cohorts[number].period))
        for number in thinned(len(cohorts), _LABELS)
    ]
    return CohortChart(Axes(ticks(down, scale, write), across), marks)


def place_of(period: str) -> int:
    """The number of a day or month, one more than that of the one before."""
    if len(period) > len("2019-07"):
        return date.fromisoformat(period).toordinal()
    year, month = map(int, period.split("-"))
    return 12 * year + month


def by_size(
    bins: Sequence[PredictionBin], write: Callable[[float], str] = compact
) -> BarChart | None:
    """Shares of predictions by size, beside those of the training users; None without any.

    Args:
        bins: In order of size.
        write: Writes the edges of bins.
    """
    rows = sum(one.rows for one in bins)
    if not rows:
        return None
    shares = [one.rows / rows for one in bins]
    down = nice(0, max(*shares, *(one.expected or 0 for one in bins), 0.001))
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    step = (RIGHT - LEFT) / len(bins)
    bars, expected = [], []
    for number, (one, part) in enumerate(zip(bins, shares, strict=True)):
        left = round(LEFT + number * step, 3)
        text = f"{between(one.lower, one.upper, write)}: {part:.1%} of rows"
        if one.expected is not None:
            text += f", {one.expected:.1%} in training"
            place = Bar(left, round(step, 3), scale(one.expected), 0, 0, text)
            expected.append(place)
        top = scale(part)
        bars.append(Bar(left, round(step * 0.86, 3), top, round(BOTTOM - top, 3), 0, text))
    across = [
        Tick(bars[number].left, write(edge))
        for number in _labelled(bins)
        if (edge := bins[number].lower) is not None
    ]
    return BarChart(Axes(ticks(down, scale, share), across), bars, expected)


def _labelled(bins: Sequence[PredictionBin]) -> Sequence[int]:
    """Bins whose lower edge is written: round ones, or some of all where these are hardly any."""
    found = [number for number, one in enumerate(bins) if _is_round(one.lower)]
    return found if len(found) >= _FEWEST else thinned(len(bins), _LABELS)


def _is_round(edge: float | None) -> bool:
    """Whether an edge is a power of ten, so far from certainty, or in the middle."""
    if edge is None:
        return False
    powers = [value for value in (edge, 1 - edge) if value > 0]
    return edge == 0.5 or any(
        math.isclose(math.log10(value), round(math.log10(value)), abs_tol=1e-6) for value in powers
    )


def by_day(arrivals: Sequence[ArrivalDay], first: date, last: date) -> BarChart | None:
    """Rows by the day that they came, a colour for each model; None without any."""
    if not arrivals:
        return None
    days = (last - first).days + 1
    totals: dict[date, int] = {}
    of_model: dict[str, int] = {}
    for one in arrivals:
        totals[one.day] = totals.get(one.day, 0) + one.rows
        of_model[one.model] = of_model.get(one.model, 0) + one.rows
    names = sorted(of_model, key=lambda name: -of_model[name])
    down = nice(0, max(totals.values()))
    scale = Scale(0, down[-1], BOTTOM, TOP)
    step = (RIGHT - LEFT) / days
    width = min(step * 0.8, _WIDEST)
    bars = []
    below: dict[date, int] = {}
    for one in sorted(arrivals, key=lambda one: (one.day, names.index(one.model))):
        start = below.get(one.day, 0)
        below[one.day] = start + one.rows
        top, foot = scale(start + one.rows), scale(start)
        left = LEFT + ((one.day - first).days + 0.5) * step - width / 2
        text = f"{one.day:%-d %b %Y}: {one.rows:,} rows by {one.model}"
        # A day with any rows can be seen.
        height = max(round(foot - top, 3), 1.5)
        colour = min(names.index(one.model), COLOURS - 1)
        bars.append(Bar(round(left, 3), round(width, 3), foot - height, height, colour, text))
    across = [
        Tick(
            round(LEFT + (number + 0.5) * step, 3),
            when((first + timedelta(days=number)).isoformat()),
        )
        for number in thinned(days, _LABELS)
    ]
    return BarChart(Axes(ticks(down, scale), across), bars, series=names)


def between(
    lower: float | None, upper: float | None, write: Callable[[float], str] = compact
) -> str:
    """What people call a range of values."""
    if lower is None:
        return f"below {write(upper or 0)}"
    return f"{write(lower)} and more" if upper is None else f"{write(lower)} to {write(upper)}"
