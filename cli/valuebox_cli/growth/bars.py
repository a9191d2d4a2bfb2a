"""Lying bars of the page: where they begin, how long they are and what is written beside them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from valuebox.compartments.growth.activity.counts import Action, Bar
from valuebox.pages.marks import COLOURS, Part, Row, Rows, Tick
from valuebox.pages.readable import compact, count, percent
from valuebox.pages.scales import Scale, within

MOST_ROWS: Final = 24
"""Rows of a ranking that are drawn at most; the others are summed up in words."""
_RIGHT: Final = 98.0
"""Where the longest bar ends, in percent of the width."""
_OTHERS: Final = "others"


def ranked(
    columns: Mapping[str, Mapping[str, float]],
    series: Sequence[str],
    unit: str,
    most: int = MOST_ROWS,
) -> Rows | None:
    """A bar for each name, the longest at the top and losses at the bottom; None of none.

    Of too many the longest to either side are shown.

    Args:
        columns: What each name comes to, by series.
        series: What bars are made of, the most important first; each has a colour.
        unit: What is measured, such as customers.
        most: How many bars are shown.
    """
    sizes = {name: sum(parts.values()) for name, parts in columns.items()}
    longest = sorted(sizes, key=lambda name: -abs(sizes[name]))
    shown = sorted(longest[:most], key=lambda name: -sizes[name])
    rest = sum(sizes[name] for name in longest[most:])
    return _drawn({name: columns[name] for name in shown}, series, unit, len(sizes), rest)


def histogram(counts: Sequence[Bar], unit: str) -> Rows | None:
    """A bar for each count, in their order; None without any."""
    columns = {one.name: {unit: float(one.count)} for one in counts}
    return _drawn(columns, [unit], unit, len(columns), 0.0)


def sizes(counts: Iterable[Bar], unit: str) -> Rows | None:
    """A bar for each group, the largest first; None of none."""
    return ranked({one.name: {unit: float(one.count)} for one in counts}, [unit], unit)


def amounts(found: Mapping[str, float], measure: str, most: int = MOST_ROWS) -> Rows | None:
    """A bar for what each brought, the most first; None of none."""
    named = {name: {measure: amount} for name, amount in found.items()}
    return ranked(named, [measure], measure, most)


def of_actions(
    actions: Iterable[Action],
    types: Sequence[str],
    name: Callable[[Action], str],
    most: int = MOST_ROWS,
) -> Rows | None:
    """Events by whatever they are named after, stacked by type; None without any.

    Args:
        actions: Events, counted.
        types: The most frequent first.
        name: What the bar is called that an action is a part of.
        most: How many bars are shown.
    """
    series = list(types)
    if len(types) > COLOURS:
        series[COLOURS - 1 :] = [_OTHERS]
    columns: dict[str, Counter[str]] = {}
    for one in actions:
        part = one.type if one.type in series[: COLOURS - 1] else series[-1]
        columns.setdefault(name(one), Counter())[part] += one.events
    return ranked(columns, series, "events", most=most)


def _drawn(
    columns: Mapping[str, Mapping[str, float]],
    series: Sequence[str],
    unit: str,
    of: int,
    rest: float,
) -> Rows | None:
    if not columns:
        return None
    ends = {name: _ends([parts.get(one, 0) for one in series]) for name, parts in columns.items()}
    reached = [0.0, *(end for pairs in ends.values() for pair in pairs for end in pair)]
    low, high = min(reached), max(reached)
    if low == high:
        high = 1.0
    scale = Scale(low, high, 0.0 if low == 0 else 100 - _RIGHT, _RIGHT)
    rows = []
    for name, parts in columns.items():
        size = sum(parts.values())
        drawn = []
        for number, (start, end) in enumerate(ends[name]):
            if start == end:
                continue
            left, right = sorted((scale(start), scale(end)))
            text = f"{compact(end - start)} {series[number]}"
            if len(series) > 1:
                text += f" ({percent((end - start) / size)})"
            drawn.append(Part(left, round(right - left, 3), number, text))
        rows.append(Row(name, drawn, compact(size)))
    ticks = [Tick(scale(value), compact(value)) for value in within(low, high)]
    said = f"{count(of - len(rows))} more come to {compact(rest)} {unit}" if of > len(rows) else ""
    return Rows(rows, ticks, scale(0.0), series, of, said)


def _ends(sizes: Sequence[float]) -> list[tuple[float, float]]:
    """Where the parts of a bar begin and end: gains to the right of zero, losses to its left."""
    found, gains, losses = [], 0.0, 0.0
    for size in sizes:
        if size >= 0:
            found.append((gains, gains := gains + size))
        else:
            found.append((losses, losses := losses + size))
    return found
