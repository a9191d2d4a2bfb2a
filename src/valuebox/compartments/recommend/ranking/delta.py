"""Clicks that have come since an index was built, looked at beside it.

A session that goes on is taken out of the index and is whole in the delta: its clicks are not split
where the index ends, and do not count twice. Asked with a delta, an index answers as one that
was built of all clicks; only popularity of the last day may reach a little further back, and a
click that comes later than sessions of other visitors counts as if it were newer than they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuebox.compartments.recommend.ranking.clicks import Clicks
from valuebox.compartments.recommend.ranking.ids import Ids
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.rules import Rules, rules_of
from valuebox.compartments.recommend.ranking.sessions import (
    Counts,
    Grouped,
    Int32s,
    Sessions,
    counts_of,
    sessions_of,
)
from valuebox.compartments.recommend.ranking.setting import DAY
from valuebox.statistics.arrays import Floats, Mask

_ALL: Final = 1 << 30


@dataclass(frozen=True)
class Delta:
    """Newest sessions, and by how much they change what an index has counted."""

    ids: Ids
    """Of items that the index does not know; their codes follow its own."""
    n_items: int
    """How many items the index and the delta know."""
    until: float
    """Seconds since 1970 of the last click; that of the index where there is none."""
    n_sessions: int
    """How many more sessions there are."""
    sessions: Sessions
    """Sessions with their clicks of before the delta; they count as later than the index's."""
    hidden: Mask
    """Which of the index's sessions go on here, and have to be looked away from there."""
    counts: Counts
    """How many more sessions have each item; and when items were clicked."""
    rules: Rules
    """By how much the weights of rules change."""

    @classmethod
    def build(
        cls,
        index: Index,
        sessions: ArrayLike,
        items: ArrayLike,
        times: ArrayLike,
        item_ids: Sequence[str],
    ) -> Self:
        """Build a delta of all clicks that have come since the index was built, in any order.

        Args:
            index: Which has none of the clicks.
            sessions: Number of each click's session, as the index has been given them.
            items: Code of each click's item: its place in `item_ids`.
            times: Seconds since 1970.
            item_ids: Ids of items, all different, whether the index knows them or not.

        Raises:
            ValueError: where columns differ in length, or hold what they cannot.
        """
        setting = index.setting
        codes, ids = _codes(index.ids, item_ids)
        n_items = len(index.ids) + len(ids)
        keys = np.asarray(sessions, dtype=np.int64)
        own = np.asarray(items, dtype=np.int64)
        if len(own) and not (own.min() >= 0 and own.max() < len(item_ids)):
            raise ValueError(f"codes of items have to be from 0 to {len(item_ids) - 1}")
        seconds = np.asarray(times, dtype=np.float64)
        goes_on = _goes_on(index.unfinished.clicks, keys, seconds, setting.gap)
        older = index.unfinished.clicks.where(goes_on)
        everything = Clicks.of(
            np.concatenate([np.repeat(older.keys, older.lengths), keys]),
            np.concatenate([older.items, codes[own]]),
            np.concatenate([older.times, seconds]),
            n_items,
            setting,
        )
        clicks = everything.where(~everything.bots(setting))
        before = older.where(~older.bots(setting))
        until = max([index.until, *clicks.ended[-1:].tolist()])
        grouped = Grouped.of(clicks)
        hidden = np.zeros(len(index.sessions.ended), dtype=bool)
        replaced = index.unfinished.places[goes_on]
        hidden[replaced[replaced >= 0]] = True
        return cls(
            ids=ids,
            n_items=n_items,
            until=until,
            n_sessions=len(clicks.keys) - len(before.keys),
            sessions=sessions_of(clicks, grouped, n_items, setting.latest, index.origin)[0],
            hidden=hidden,
            counts=_changes(index, clicks, grouped, before, n_items, until),
            rules=_changed_rules(index, clicks, before, n_items),
        )


def _goes_on(unfinished: Clicks, keys: NDArray[np.int64], times: Floats, gap: float) -> Mask:
    """Which sessions have a new click that is not a gap away from them, `(n_unfinished,)`."""
    found = np.isin(unfinished.keys, keys)
    order = np.lexsort((times, keys))
    keys, times = keys[order], times[order]
    for place in np.flatnonzero(found).tolist():
        own = slice(*np.searchsorted(keys, unfinished.keys[place] + np.arange(2)))
        begin, end = unfinished.times[unfinished.begins[[place, place + 1]] - [0, 1]]
        after = times[own].searchsorted(begin - gap)
        found[place] = times[own][after : after + 1].min(initial=np.inf) <= end + gap
    return found


def _codes(known: Ids, item_ids: Sequence[str]) -> tuple[Int32s, Ids]:
    """Code of each id beside those that are known, and the ids that are not."""
    new: list[str] = []
    codes = np.zeros(len(item_ids), dtype=np.int32)
    for place, text in enumerate(item_ids):
        code = known.code_of(text)
        if code < 0:
            code = len(known) + len(new)
            new.append(text)
        codes[place] = code
    return codes, Ids.of(new)


def _changes(
    index: Index, clicks: Clicks, grouped: Grouped, before: Clicks, n_items: int, until: float
) -> Counts:
    span = (n_items, index.origin, until, DAY)
    now = counts_of(clicks, grouped, *span)
    then = counts_of(before, Grouped.of(before), n_items, index.origin, index.until, DAY)
    return Counts(now.sessions - then.sessions, now.day - then.day, now.first, now.last)


def _changed_rules(index: Index, clicks: Clicks, before: Clicks, n_items: int) -> Rules:
    """Rules of whole sessions, less those that the index has of their beginnings."""
    both = Clicks(
        np.concatenate([clicks.keys, before.keys]),
        np.concatenate([clicks.begins, before.begins[1:] + clicks.begins[-1]]),
        np.concatenate([clicks.items, before.items]),
        np.concatenate([clicks.times, before.times]),
    )
    sign = np.repeat(np.array([1, -1], np.float32), [len(clicks.keys), len(before.keys)])
    order = np.argsort(both.items, kind="stable")
    return rules_of(both, order, n_items, index.setting.steps, _ALL, sign)
