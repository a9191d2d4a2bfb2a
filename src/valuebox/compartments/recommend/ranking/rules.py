"""Sequential rules: what was clicked within a few clicks after an item, the nearer the heavier.

A pair of clicks `d` apart weighs `1 / d` (SR of Ludewig and Jannach, Evaluation of session-based
recommendation algorithms, 2018). Rules of all items of the visitor are used, not of the last alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.clicks import Clicks
from valuebox.compartments.recommend.ranking.sessions import Int32s

_AT_ONCE = 1 << 20
"""Clicks whose pairs are counted at once: bounds the memory that this takes."""
_NOTHING = 1e-6


class Rules(NamedTuple):
    """Which items follow each item, and how heavily."""

    begins: Int32s
    """Where the rules of each item begin, and where the last ends, `(n_items + 1,)`."""
    items: Int32s
    """Items that follow, the heaviest first."""
    weights: NDArray[np.float32]
    """How heavily each follows; below 0 in rules that take something back."""
    totals: NDArray[np.float32]
    """Weight of all that follows each item, of rules that are not kept as well, `(n_items,)`."""

    def of(self, item: int) -> tuple[Int32s, NDArray[np.float32]]:
        """Items that follow one, and their weights."""
        own = slice(self.begins[item], self.begins[item + 1])
        return self.items[own], self.weights[own]


def rules_of(
    clicks: Clicks,
    order: NDArray[np.int64],
    n_items: int,
    steps: int,
    kept: int,
    sign: NDArray[np.float32] | None = None,
) -> Rules:
    """Count pairs of clicks within sessions.

    Args:
        clicks: Sessions with their clicks.
        order: Places of clicks, by item.
        n_items: How many items there are.
        steps: How many clicks a rule reaches ahead.
        kept: How many rules of an item are kept.
        sign: By which the pairs of each session are multiplied, `(n_sessions,)`; 1 where None.
    """
    session = clicks.session
    counts = np.zeros(n_items, dtype=np.int64)
    totals = np.zeros(n_items, dtype=np.float32)
    items, weights = [], []
    for part in _parts(clicks.items, order):
        first, then, weight = _pairs(clicks, session, part, steps, sign)
        key = first.astype(np.int64) * n_items + then
        keys, place = np.unique(key, return_inverse=True)
        heavy = np.bincount(place, weight, len(keys))
        first, then = keys // max(n_items, 1), (keys % max(n_items, 1)).astype(np.int32)
        totals += np.bincount(first, heavy, n_items).astype(np.float32)
        best = np.lexsort((then, -np.abs(heavy), first))
        first, then, heavy = first[best], then[best], heavy[best]
        begins = np.searchsorted(first, first)
        # What a delta takes back of what it adds leaves nothing but a rounding error.
        few = (np.arange(len(first)) - begins < kept) & (np.abs(heavy) > _NOTHING)
        counts += np.bincount(first[few], minlength=n_items)
        items.append(then[few])
        weights.append(heavy[few].astype(np.float32))
    begins = np.zeros(n_items + 1, dtype=np.int32)
    np.cumsum(counts, out=begins[1:])
    return Rules(
        begins,
        np.concatenate([np.zeros(0, dtype=np.int32), *items]),
        np.concatenate([np.zeros(0, dtype=np.float32), *weights]),
        totals,
    )


def _parts(items: Int32s, order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Places of clicks in parts of a bounded size, those of an item never in two."""
    parts, start = [], 0
    while start < len(order):
        end = min(start + _AT_ONCE, len(order))
        if end < len(order):
            ends_with = items[order[end - 1]]
            own = order[start:]
            end = start + int(np.searchsorted(items[own], ends_with, side="right"))
        parts.append(order[start:end])
        start = end
    return parts


def _pairs(
    clicks: Clicks,
    session: Int32s,
    part: NDArray[np.int64],
    steps: int,
    sign: NDArray[np.float32] | None,
) -> tuple[Int32s, Int32s, NDArray[np.float32]]:
    """Items of pairs of clicks that begin in a part, and how heavy each pair is."""
    end = clicks.begins[session[part] + 1] if len(part) else part
    first, then, weight = [], [], []
    for step in range(1, steps + 1):
        within = part + step < end
        part, end = part[within], end[within]
        first.append(clicks.items[part])
        then.append(clicks.items[part + step])
        heavy = np.full(len(part), 1 / step, dtype=np.float32)
        weight.append(heavy if sign is None else heavy * sign[session[part]])
    return np.concatenate(first), np.concatenate(then), np.concatenate(weight)
