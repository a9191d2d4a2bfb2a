"""Line charts of the page: figures over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import compress
from typing import Any, Final, NamedTuple

from valuebox.compartments.growth.activity.series import TimeSeries
from valuebox.pages.marks import BOTTOM, LEFT, RIGHT, TOP, Axes, Bar, Tick, ticks
from valuebox.pages.readable import compact
from valuebox.pages.scales import Scale, nice, thinned

_LABELS: Final = 4
_ENOUGH: Final = 4
"""Periods that a unit should have to be shown first."""


@dataclass(frozen=True)
class Line:
    """A figure over time: across in percent of the width, down in pixels."""

    name: str
    colour: int
    all: str
    """Points of all periods."""
    whole: str
    """Points of periods that were watched from their first day to their end."""


@dataclass(frozen=True)
class LineChart:
    """Lines on one scale, and a strip for each period that says its figures."""

    title: str
    axes: Axes
    lines: Sequence[Line]
    strips: Sequence[Bar]


@dataclass(frozen=True)
class Unit:
    """Figures by day, by week or by month."""

    series: TimeSeries
    charts: Sequence[LineChart]
    rows: Sequence["PeriodRow"]


class PeriodRow(NamedTuple):
    """A row of the table of figures over time."""

    start: str
    active: int
    joined: int
    buyers: int
    first_buyers: int
    purchases: int
    revenue: float


def units(found: Sequence[TimeSeries]) -> list[Unit]:
    """Pictures by month, week and day, that one first which has enough of periods."""
    longest_first = sorted(found, key=lambda one: len(one.starts))
    long_enough = [one for one in longest_first if sum(one.whole) >= _ENOUGH]
    first = long_enough[:1] or longest_first[-1:]
    return [_unit(one) for one in (*first, *(one for one in longest_first if one not in first))]


def _unit(one: TimeSeries) -> Unit:
    of = one.everybody
    people = {
        "active": of.active,
        "buyers": of.buyers,
        "first purchase": of.first_buyers,
        "joined": of.joined,
    }
    starts = [f"{start:%Y-%m}" if one.unit == "month" else f"{start}" for start in one.starts]
    columns = (of.active, of.joined, of.buyers, of.first_buyers, of.purchases, of.revenue)
    return Unit(
        one,
        [_chart("Revenue", {"revenue": of.revenue}, one), _chart("Customers", people, one)],
        [PeriodRow(*row) for row in zip(starts, *columns, strict=True)],
    )


def _chart(title: str, lines: Mapping[str, Sequence[float]], of: TimeSeries) -> LineChart:
    values = [value for line in lines.values() for value in line]
    down = nice(min(0.0, *values), max(0.0, *values))
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    step = (RIGHT - LEFT) / len(of.starts)
    places = [round(LEFT + (number + 0.5) * step, 3) for number in range(len(of.starts))]

    def drawn(line: Sequence[float], chosen: Sequence[Any]) -> str:
        points = [f"{x},{scale(y)}" for x, y in zip(places, line, strict=True)]
        return " ".join(compress(points, chosen))

    strips = []
    for number, (start, is_whole) in enumerate(zip(of.starts, of.whole, strict=True)):
        said = ", ".join(f"{compact(line[number])} {name}" for name, line in lines.items())
        text = f"{_name(start, of)}{'' if is_whole else ', in part'}: {said}"
        strips.append(Bar(round(LEFT + number * step, 3), round(step, 3), 0, BOTTOM, 0, text))
    across = [
        Tick(places[number], _name(of.starts[number], of))
        for number in thinned(len(of.starts), _LABELS)
    ]
    return LineChart(
        title,
        Axes(ticks(down, scale), across),
        [
            Line(name, colour, drawn(line, [True] * len(line)), drawn(line, of.whole))
            for colour, (name, line) in enumerate(lines.items())
        ],
        strips,
    )


def _name(start: date, of: TimeSeries) -> str:
    if of.unit == "month":
        return f"{start:%b %Y}"
    is_one_year = of.starts[0].year == of.starts[-1].year
    return f"{start.day} {start:%b}" if is_one_year else f"{start.day} {start:%b %y}"
