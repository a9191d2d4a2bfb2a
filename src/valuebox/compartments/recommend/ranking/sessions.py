"""Sessions as int32 arrays, looked up by their place and by the items in them."""

from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.clicks import Clicks
from valuebox.statistics.arrays import Floats

Int32s = NDArray[np.int32]
_DECADES: Final = float(1 << 30)
"""Seconds before the last click at which times begin: what is older is no older for anybody."""
_MOST: Final = float(np.iinfo(np.int32).max)


class Sessions(NamedTuple):
    """Sessions of at least two different items; the later a session ended, the higher its place."""

    begins: Int32s
    """Where the items of each session begin, and where the last ends, `(n_sessions + 1,)`."""
    items: Int32s
    """Different items of each session, in the order in which they were last clicked."""
    ended: Int32s
    """When each ended, in seconds since the index's origin, `(n_sessions,)`."""
    of_item: Int32s
    """Where the sessions of each item begin, and where the last ends, `(n_items + 1,)`."""
    sessions: Int32s
    """Places of the latest sessions of each item, ascending."""

    def of(self, item: int) -> Int32s:
        """Places of the latest sessions of an item, ascending."""
        return self.sessions[self.of_item[item] : self.of_item[item + 1]]

    def prior(self, until: float, age: float) -> Floats:
        """What a session weighs whoever asks: less the longer and the older it is, `(n_sessions,)`.

        Args:
            until: Seconds since the index's origin; sessions that end then are not old.
            age: Seconds after which a session counts 1/e.
        """
        found: Floats = np.exp((self.ended - until) / age)
        found /= np.sqrt(np.diff(self.begins))
        return found


class Counts(NamedTuple):
    """What is known of each item by the sessions that have it, `(n_items,)` each."""

    sessions: Int32s
    """How many sessions have the item."""
    day: Int32s
    """How many of them ended within the last day."""
    first: Int32s
    """When the item was first clicked, in seconds since the index's origin; the end where never."""
    last: Int32s
    """When the item was last clicked; the origin where never."""


class Grouped(NamedTuple):
    """Clicks by item, and which of them are the last of their item within their session."""

    order: NDArray[np.int64]
    """Places of clicks, by item and then by time of session, `(n_clicks,)`."""
    session: Int32s
    """Session of each, `(n_clicks,)`."""
    last: NDArray[np.bool_]
    """Whether it is the last click on its item within the session, `(n_clicks,)`."""

    @classmethod
    def of(cls, clicks: Clicks) -> Self:
        """Group clicks, once for all that is made of them."""
        order = np.argsort(clicks.items, kind="stable")
        session = clicks.session[order]
        items = clicks.items[order]
        last = np.ones(len(order), dtype=bool)
        last[:-1] = (items[1:] != items[:-1]) | (session[1:] != session[:-1])
        return cls(order, session, last)


def since(origin: float, times: Floats) -> Int32s:
    """Whole seconds since an index's origin; a moment decades away from it is as good as any."""
    found: Int32s = np.clip(times - origin, -_MOST, _MOST).astype(np.int32)
    return found


def origin_of(times: Floats, until: float) -> float:
    """From when on the times of an index are counted: its first click, or decades ago.

    Args:
        times: Of clicks, in seconds since 1970, `(n_clicks,)`.
        until: That of the last one.
    """
    return float(np.floor(max(times.min(), until - _DECADES)))


def sessions_of(
    clicks: Clicks, grouped: Grouped, n_items: int, latest: int, origin: float
) -> tuple[Sessions, Int32s]:
    """Sessions that can be neighbours.

    A session of one item has no other to recommend, and would take the place of one that has.

    Args:
        clicks: Sessions in the order of their ends.
        grouped: The same clicks by item.
        n_items: How many items there are.
        latest: How many sessions of an item are kept.
        origin: Seconds since 1970 from which times are counted.

    Returns:
        The sessions, and the place of each of the clicks' sessions among them, -1 for none.
    """
    kept = np.zeros(len(clicks.items), dtype=bool)
    kept[grouped.order[grouped.last]] = True
    before = np.zeros(len(kept) + 1, dtype=np.int64)
    np.cumsum(kept, out=before[1:])
    lengths = np.diff(before[clicks.begins])
    useful = lengths > 1
    place = np.where(useful, np.cumsum(useful) - 1, -1).astype(np.int32)
    begins = np.zeros(int(useful.sum()) + 1, dtype=np.int32)
    np.cumsum(lengths[useful], out=begins[1:])
    kept &= np.repeat(useful, clicks.lengths)
    own = grouped.last & useful[grouped.session]
    item = clicks.items[grouped.order[own]]
    of_item = _bounds(item, n_items)
    young = of_item[item + 1] - np.arange(len(item)) <= latest
    return Sessions(
        begins=begins,
        items=clicks.items[kept],
        ended=since(origin, clicks.ended[useful]),
        of_item=_bounds(item[young], n_items).astype(np.int32),
        sessions=place[grouped.session[own][young]],
    ), place


def counts_of(
    clicks: Clicks, grouped: Grouped, n_items: int, origin: float, until: float, day: float
) -> Counts:
    """How often and when items were clicked.

    Args:
        clicks: Sessions in the order of their ends.
        grouped: The same clicks by item.
        n_items: How many items there are.
        origin: Seconds since 1970 from which times are counted.
        until: Seconds since 1970 at which the last day ends.
        day: How many seconds it has.
    """
    once = grouped.order[grouped.last]
    late = clicks.ended[grouped.session[grouped.last]] > until - day
    items = clicks.items[once]
    seconds = since(origin, clicks.times)
    first = np.full(n_items, int(min(until - origin, _MOST)), dtype=np.int32)
    last = np.zeros(n_items, dtype=np.int32)
    np.minimum.at(first, clicks.items, seconds)
    np.maximum.at(last, clicks.items, seconds)
    return Counts(
        np.bincount(items, minlength=n_items).astype(np.int32),
        np.bincount(items[late], minlength=n_items).astype(np.int32),
        first,
        last,
    )


def _bounds(items: Int32s, n_items: int) -> NDArray[np.int64]:
    """Where each item begins among items in ascending order, `(n_items + 1,)`."""
    bounds = np.zeros(n_items + 1, dtype=np.int64)
    np.cumsum(np.bincount(items, minlength=n_items), out=bounds[1:])
    return bounds
