"""Events in order, each customer's together, and what of them was visible at a moment.

What was visible are nearly always all events before the moment, but for a few that arrived late:
`Runs` are stretches of the log without a gap, of which sums are differences of running sums.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.columns import Positions

Microseconds = NDArray[np.int64]
_MOST_BITS: Final = 62
ALWAYS: Final = np.iinfo(np.int64).max
"""The moment until which everything that was ever received is known."""


class Runs(NamedTuple):
    """Stretches of a log: the events from `start` to before `stop`, each for one owner.

    They are in the order of owners, and within one in that of the log; none is empty.
    """

    owner: Positions
    """Position of the anchor whose stretch it is, `(n_runs,)`."""
    start: Positions
    stop: Positions

    @classmethod
    def of(cls, start: Positions, stop: Positions) -> Self:
        """One stretch for each owner; owners for whom it is empty have none."""
        owner = np.flatnonzero(stop > start)
        return cls(owner, start[owner], stop[owner])

    def taken(self, which: Any) -> "Runs":
        """Some of the stretches."""
        return Runs(self.owner[which], self.start[which], self.stop[which])

    def within(self, start: Positions, stop: Positions) -> "Runs":
        """What of them lies within bounds, which every owner has."""
        begin = np.maximum(self.start, start[self.owner])
        end = np.minimum(self.stop, stop[self.owner])
        left = end > begin
        return Runs(self.owner[left], begin[left], end[left])

    def positions(self) -> tuple[Positions, Positions]:
        """Owner and position of every event in them."""
        length = self.stop - self.start
        owner = np.repeat(self.owner, length)
        begins = np.cumsum(length) - length
        return owner, np.arange(len(owner)) + np.repeat(self.start - begins, length)

    def in_order(self) -> "Runs":
        """The same stretches, in the order of owners and the log."""
        return self.taken(np.lexsort((self.start, self.owner)))


def counted(which: NDArray[np.bool_]) -> NDArray[Any]:
    """How many events before each are marked, `(n + 1,)`."""
    found = np.zeros(len(which) + 1, dtype=np.int32 if len(which) < 1 << 31 else np.int64)
    np.cumsum(which, out=found[1:])
    return found


def joined(*several: Runs) -> Runs:
    """Stretches of several kinds that do not overlap, in order."""
    return Runs(*map(np.concatenate, zip(*several, strict=True))).in_order()


def before(
    values: NDArray[Any], start: Positions, stop: Positions, bound: NDArray[Any]
) -> Positions:
    """For each stretch of sorted values the first position whose value is not below a bound.

    Args:
        values: Sorted within each stretch.
        start: Where each stretch begins.
        stop: Where each ends.
        bound: Of each.
    """
    if len(start) == 1:
        begin, end = int(start[0]), int(stop[0])
        return begin + np.searchsorted(values[begin:end], bound)
    low, high = start.copy(), np.maximum(stop, start)
    open_ = np.flatnonzero(low < high)
    while len(open_):
        middle = (low[open_] + high[open_]) >> 1
        is_below = values[middle] < bound[open_]
        low[open_[is_below]] = middle[is_below] + 1
        high[open_[~is_below]] = middle[~is_below]
        open_ = open_[low[open_] < high[open_]]
    return low


def in_one(whom: NDArray[np.int64], time: Microseconds) -> NDArray[np.int64] | None:
    """Customer and time as one number that sorts as both do; None where it would be too large."""
    bits = _bits(time)
    if not len(whom) or int(whom.max()).bit_length() + bits > _MOST_BITS or whom.min() < 0:
        return None
    found: NDArray[np.int64] = (whom << bits) + (time - time.min())
    return found


def _bits(time: Microseconds) -> int:
    """Bits that are needed for the time since the first moment."""
    return (int(time.max()) - int(time.min())).bit_length() if len(time) else 0


@dataclass(frozen=True)
class Reception:
    """When events of a log were received, ready to be asked which were known by then."""

    latest: Microseconds
    """Moment by which all of an entry is known, `(n,)`."""
    earliest: Microseconds
    """Moment before which nothing of it is, `(n,)`; for single events the same."""

    @cached_property
    def _levels(self) -> list[tuple[Microseconds, Microseconds]]:
        """Latest and earliest of all stretches of 1, 2, 4, … entries."""
        levels = [(self.latest, self.earliest)]
        while len(levels[-1][0]) > 1:
            latest, earliest = levels[-1]
            pairs = np.arange(0, len(latest), 2)
            levels.append(
                (np.maximum.reduceat(latest, pairs), np.minimum.reduceat(earliest, pairs))
            )
        return levels

    def known(self, bounds: Runs, by: Microseconds) -> tuple[Runs, Runs]:
        """What of some stretches was known by then, and entries of which only a part was.

        Args:
            bounds: Stretches, at most one for each owner.
            by: A moment for each owner.
        """
        owner, start, stop = bounds
        if not len(owner):
            return bounds, bounds
        sure: list[Runs] = []
        partly: list[Runs] = []
        length = stop - start
        level = np.ceil(np.log2(length)).astype(np.int64)
        waiting = {one: np.flatnonzero(level == one) for one in np.unique(level).tolist()}
        which = node = np.empty(0, dtype=np.int64)
        for depth in range(int(level.max()), -1, -1):
            if (some := waiting.get(depth)) is not None:
                # A stretch of that length touches at most two nodes.
                first, last = start[some] >> depth, (stop[some] - 1) >> depth
                two = last > first
                which = np.concatenate([which, some, some[two]])
                node = np.concatenate([node, first, last[two]])
            latest, earliest = self._levels[depth]
            begin = np.maximum(node << depth, start[which])
            end = np.minimum((node + 1) << depth, stop[which])
            moment = by[owner[which]]
            is_known = latest[node] <= moment
            is_open = ~is_known & (earliest[node] <= moment)
            sure.append(Runs(owner[which], begin, end).taken(is_known))
            if depth == 0:
                partly.append(Runs(owner[which], begin, end).taken(is_open))
                break
            parents = node[is_open]
            which = np.repeat(which[is_open], 2)
            node = (np.repeat(parents, 2) << 1) + np.tile([0, 1], len(parents))
            inside = ((node << (depth - 1)) < stop[which]) & (
                ((node + 1) << (depth - 1)) > start[which]
            )
            which, node = which[inside], node[inside]
        return _merged(joined(*sure)), joined(*partly)


def _merged(runs: Runs) -> Runs:
    """Stretches of which each ends before the next of the same owner begins."""
    if not len(runs.owner):
        return runs
    begins = np.ones(len(runs.owner), dtype=bool)
    begins[1:] = (runs.owner[1:] != runs.owner[:-1]) | (runs.start[1:] != runs.stop[:-1])
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(begins)) - 1
    return Runs(runs.owner[first], runs.start[first], runs.stop[last])


@dataclass(frozen=True)
class Log:
    """Events in the order of customer, time and id."""

    whom: NDArray[np.int64]
    """Customer of each event, from 0, `(n_events,)`."""
    time: Microseconds
    received: Microseconds
    tied: Positions
    """First event of the same customer at the same time, for each event."""
    begins: Positions
    """First event of each customer, `(n_customers + 1,)`."""

    @classmethod
    def of(cls, whom: NDArray[np.int64], time: Microseconds, received: Microseconds) -> Self:
        """A log of events that are in order.

        Args:
            whom: Customer of each event, from 0 without a gap.
            time: When each happened, in microseconds since 1970.
            received: When each was received, likewise.
        """
        count = len(whom)
        is_new = np.ones(count, dtype=bool)
        is_new[1:] = (whom[1:] != whom[:-1]) | (time[1:] != time[:-1])
        first = np.flatnonzero(is_new)
        tied = first[np.cumsum(is_new) - 1] if count else first
        customers = int(whom[-1]) + 1 if count else 0
        begins = np.searchsorted(whom, np.arange(customers + 1))
        return cls(whom, time, received, tied, begins)

    @cached_property
    def reception(self) -> Reception:
        """When its events were received."""
        return Reception(self.received, self.received)

    @cached_property
    def known_until(self) -> Microseconds:
        """Moment by which each event and all of its customer before it were received."""
        if not len(self.whom):
            return self.received
        # A customer's own are told apart from the one before by a step that no moment reaches.
        if (key := in_one(self.whom, self.received)) is not None:
            latest = np.maximum.accumulate(key) & ((1 << _bits(self.received)) - 1)
            found: Microseconds = latest + self.received.min()
            return found
        order = np.argsort(self.received, kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        highest = np.maximum.accumulate(self.whom * len(order) + rank) - self.whom * len(order)
        return self.received[order[highest]]
