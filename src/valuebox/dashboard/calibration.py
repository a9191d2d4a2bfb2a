"""The pictures of predicted shares: whether as many came true, and how far the top tenth leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from valuebox.dashboard.charts import place_of, share
from valuebox.pages.marks import BOTTOM, COLOURS, LEFT, RIGHT, TOP, Axes, Tick, ticks
from valuebox.pages.rendering import when
from valuebox.pages.scales import Scale, nice, thinned
from valuebox.predictions.sums.calibration import Decile, Lift

_LABELS: Final = 6
_WIDE: Final = 0.6
"""The part of a tenth's room that its marks take."""


@dataclass(frozen=True)
class TenthMark:
    """A tenth of the rows: what was predicted, and the share that came true with its interval."""

    at: float
    left: float
    width: float
    predicted: float
    actual: float
    top: float
    """Position of the interval's upper end."""
    height: float
    is_inside: bool
    """Whether chance explains that the predicted and the actual share differ."""
    tenth: Decile


@dataclass(frozen=True)
class TenthChart:
    """Tenths of the rows of one segment, the likeliest first."""

    axes: Axes
    marks: Sequence[TenthMark]


@dataclass(frozen=True)
class LiftMark:
    """The lift of a month, and where that of the month before is, which a line leads to."""

    at: float
    lift: float
    before: tuple[float, float] | None
    colour: int
    of: Lift


@dataclass(frozen=True)
class LiftChart:
    """Lift by month, of the segments with most rows; each has a colour."""

    axes: Axes
    marks: Sequence[LiftMark]
    series: Sequence[str]
    base: float
    """Position of a lift of 1: no better than chance."""
    others: int
    """Number of segments that are not drawn."""


def by_tenth(tenths: Sequence[Decile]) -> TenthChart | None:
    """Tenths of one segment side by side; None of none."""
    if not tenths:
        return None
    down = nice(0, max(max(one.upper, one.predicted) for one in tenths))
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    step = (RIGHT - LEFT) / 10
    width = round(step * _WIDE, 3)
    marks = []
    for one in tenths:
        at = LEFT + (one.decile - 0.5) * step
        top = scale(one.upper)
        marks.append(
            TenthMark(
                at=round(at, 3),
                left=round(at - width / 2, 3),
                width=width,
                predicted=scale(one.predicted),
                actual=scale(one.actual),
                top=top,
                height=round(scale(one.lower) - top, 3),
                is_inside=one.lower <= one.predicted <= one.upper,
                tenth=one,
            )
        )
    across = [Tick(mark.at, str(mark.tenth.decile)) for mark in marks]
    return TenthChart(Axes(ticks(down, scale, share), across), marks)


def over_time(lifts: Sequence[Lift]) -> LiftChart | None:
    """Lift of the segments with most rows, a line each, with gaps in time where there is none."""
    rows: dict[str, int] = {}
    for one in lifts:
        rows[one.segment] = rows.get(one.segment, 0) + one.rows
    series = sorted(rows, key=lambda name: (-rows[name], name))[:COLOURS]
    drawn = [(one, one.lift) for one in lifts if one.segment in series and one.lift is not None]
    if not drawn:
        return None
    down = nice(0, max(1.0, *(lift for _, lift in drawn)))
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    months = {place_of(one.period): one.period for one, _ in drawn}
    first, last = min(months), max(months)
    step = (RIGHT - LEFT) / (last - first + 1)
    where = {place: round(LEFT + (place - first + 0.5) * step, 3) for place in sorted(months)}
    marks: list[LiftMark] = []
    latest: dict[str, LiftMark] = {}
    for one, lift in sorted(drawn, key=lambda pair: (pair[0].segment, pair[0].period)):
        before = latest.get(one.segment)
        mark = LiftMark(
            at=where[place_of(one.period)],
            lift=scale(lift),
            before=(before.at, before.lift) if before else None,
            colour=series.index(one.segment),
            of=one,
        )
        marks.append(mark)
        latest[one.segment] = mark
    places = list(where)
    across = [
        Tick(where[places[number]], when(months[places[number]]))
        for number in thinned(len(places), _LABELS)
    ]
    axes = Axes(ticks(down, scale), across)
    return LiftChart(axes, marks, series, scale(1.0), len(rows) - len(series))
