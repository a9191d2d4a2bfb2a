"""The pictures of the page: where their marks lie."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from valuebox.compartments.handle.curve import DRAWN
from valuebox.compartments.handle.page.closer import Point, Vintage, spelt
from valuebox.pages.marks import BOTTOM, RIGHT, TOP, Axes, Tick, ticks
from valuebox.pages.ranges import round_values
from valuebox.pages.readable import whole
from valuebox.pages.scales import Scale, nice

_SLOTS: Final = 60
"""Vintages side by side that can be told apart."""
_FEWEST: Final = 8
_APART: Final = 18.0
"""Percent of the width that a moment takes below the picture, with room beside it."""
_LEFT: Final = 14.0
"""Where marks begin: amounts of money are written beside them."""
_WIDEST: Final = 6.0
_NOTHING_YET: Final = 0.005
"""Share of a handle below which the curve is not drawn."""
_NAMED: Final = frozenset({336, 168, 72, 24, 12, 3, 0})
"""Hours before a match that are written below the curve."""


@dataclass(frozen=True)
class VintageMark:
    """A vintage: its interval and its forecast."""

    at: float
    left: float
    width: float
    predicted: float
    top: float
    height: float
    text: str


@dataclass(frozen=True)
class VintageChart:
    """Vintages of a match by when they were asked for, and what came true."""

    axes: Axes
    marks: Sequence[VintageMark]
    actual: float | None


@dataclass(frozen=True)
class Strip:
    """A part of the picture that tells its figures."""

    left: float
    width: float
    text: str


@dataclass(frozen=True)
class CurveChart:
    """Bets so far and what was foretold of them; lines as points of a polyline."""

    axes: Axes
    band: str
    first: str
    newest: str
    bets: str
    strips: Sequence[Strip]


def of_vintages(found: Sequence[Vintage], actual: float | None) -> VintageChart | None:
    """Vintages over time, of each stretch of time the last one; None of none."""
    if not found:
        return None
    values = [value for one in found for value in (one.predicted, one.lower, one.upper)]
    down = round_values(values if actual is None else [*values, actual])
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    slots = min(max(len(found), _FEWEST), _SLOTS)
    start, end = (one.asked_at.timestamp() for one in (found[0], found[-1]))
    step = (RIGHT - _LEFT) / slots
    width = min(step * 0.7, _WIDEST)
    by_slot: dict[int, Vintage] = {}
    for one in found:
        part = (one.asked_at.timestamp() - start) / (end - start) if end > start else 0.0
        by_slot[round(part * (slots - 1))] = one
    marks = []
    for slot, one in by_slot.items():
        at = _LEFT + (slot + 0.5) * step
        top = scale(one.upper)
        text = (
            f"{one.asked_at:%-d %b %H:%M}: {whole(one.predicted)} ({whole(one.lower)} to "
            f"{whole(one.upper)}), {whole(one.known)} known"
        )
        marks.append(
            VintageMark(
                at=round(at, 3),
                left=round(at - width / 2, 3),
                width=round(width, 3),
                predicted=scale(one.predicted),
                top=top,
                height=round(scale(one.lower) - top, 3),
                text=text,
            )
        )
    across: list[Tick] = []
    for mark, one in zip(marks, by_slot.values(), strict=True):
        if not across or mark.at - across[-1].at >= _APART:
            across.append(Tick(mark.at, f"{one.asked_at:%-d %b %H:%M}"))
    last = None if actual is None else scale(actual)
    return VintageChart(Axes(ticks(down, scale), across), marks, last)


def of_curve(found: Sequence[Point]) -> CurveChart | None:
    """Bets so far against the curve, from where anything was foretold; None without a curve."""
    reached = [one.upper or one.first or 0.0 for one in found]
    most = max((*reached, *(one.bets or 0.0 for one in found)), default=0.0)
    begun = [place for place, one in enumerate(found) if _highest(one) > _NOTHING_YET * most]
    if not begun:
        return None
    shown = found[max(begun[0] - 1, 0) :]
    down = nice(0.0, most)
    scale = Scale(0.0, down[-1], BOTTOM, TOP)
    steps = [_place(one.lead) for one in shown]
    across = Scale(steps[0], steps[-1], _LEFT, RIGHT)
    places = [across(step) for step in steps]

    def line(of: Callable[[Point], float | None]) -> str:
        known = zip(places, map(of, shown), strict=True)
        return " ".join(f"{at},{scale(value)}" for at, value in known if value is not None)

    upper, lower = line(lambda one: one.upper), line(lambda one: one.lower)
    edges = [_LEFT, *((a + b) / 2 for a, b in pairwise(places)), RIGHT]
    named = [
        Tick(at, spelt(one.lead))
        for at, one in zip(places, shown, strict=True)
        if one.lead in _NAMED
    ]
    return CurveChart(
        axes=Axes(ticks(down, scale), named),
        band=" ".join((upper, *reversed(lower.split(" ")))) if upper else "",
        first=line(lambda one: one.first),
        newest=line(lambda one: one.newest),
        bets=line(lambda one: one.bets),
        strips=[
            Strip(round(left, 3), round(right - left, 3), _told(one))
            for left, right, one in zip(edges, edges[1:], shown, strict=False)
        ],
    )


def _highest(one: Point) -> float:
    return max(one.bets or 0.0, one.first or 0.0, one.upper or 0.0)


def _place(lead: int) -> float:
    """Where a lead lies among those that are stored, at even distances: the last hours matter."""
    for place, (high, low) in enumerate(pairwise(DRAWN)):
        if low <= lead:
            return place + (high - lead) / (high - low)
    return float(len(DRAWN) - 1)


def _told(one: Point) -> str:
    parts = [
        f"{name} {whole(value)}"
        for name, value in (
            ("bets", one.bets),
            ("foretold at first", one.first),
            ("foretold now", one.newest),
        )
        if value is not None
    ]
    return f"{one.before}: {', '.join(parts) or 'nothing is known'}"
