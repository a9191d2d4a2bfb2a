"""Which lying bars the page has, in which order, and how many of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from valuebox.compartments.growth.activity.counts import Action, Bar
from valuebox.pages.bars import lying
from valuebox.pages.marks import COLOURS, Rows

MOST_ROWS: Final = 24
"""Rows of a ranking that are drawn at most; the others are summed up in words."""
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
    bars = [(name, [columns[name].get(one, 0.0) for one in series]) for name in shown]
    left_out = longest[most:]
    rest = len(left_out), sum(sizes[name] for name in left_out)
    return lying(bars, series, unit, rest=rest)


def histogram(counts: Sequence[Bar], unit: str) -> Rows | None:
    """A bar for each count, in their order; None without any."""
    return lying([(one.name, [float(one.count)]) for one in counts], [unit], unit)


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
