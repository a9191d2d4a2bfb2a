"""Blocks of events that share a value, such as the id of a session, wherever they lie."""

import numpy as np

from valuebox.features.declared.anchors import Anchors
from valuebox.features.declared.blocks import Members
from valuebox.features.declared.columns import Codes, Positions
from valuebox.features.declared.log import Log, Reception, Runs, before, joined


class Keyed:
    """Blocks by key. Members are in the order of blocks, these in that of their first events.

    Args:
        log: All events.
        key: What those of a block share, within a customer, `(n_events,)`; -1 for no block.
    """

    def __init__(self, log: Log, key: Codes):
        is_member = np.flatnonzero(key >= 0)
        pair = log.whom[is_member] * (int(key.max(initial=0)) + 1) + key[is_member]
        _, first, of = np.unique(pair, return_index=True, return_inverse=True)
        by_start = np.argsort(is_member[first], kind="stable")
        number = np.empty(len(first), dtype=np.int64)
        number[by_start] = np.arange(len(first))
        block = number[of]
        order = np.argsort(block, kind="stable")
        rows = is_member[order]
        self.members = Members(rows, len(rows) == len(key) and bool((np.diff(rows) > 0).all()))
        self._begins = np.searchsorted(block[order], np.arange(len(first) + 1))
        self._block = np.full(len(key), -1, dtype=np.int64)
        """Block of each event of the log; -1 for none."""
        self._block[is_member] = block
        self._first, self._last = rows[self._begins[:-1]], rows[self._begins[1:] - 1]
        """Position in the log of the first and the last event of each block."""
        received = log.received[rows]
        self._reception = Reception(received, received)
        begins = self._begins[:-1]
        earliest = np.minimum.reduceat(received, begins) if len(begins) else received
        # A block that begins with an event that was late begins later, or not at all.
        self._of_blocks = Reception(log.received[self._first], earliest)
        self._reach = Reception(-self._last, -self._last)
        # Asked with the first event that is too late: every block is known by then, or in part.
        self._closed = Reception(self._last + 1, self._first)
        latest = np.maximum.reduceat(received, begins) if len(begins) else received
        self._arrived = Reception(latest, earliest)
        self._of_customer = np.searchsorted(log.whom[self._first], np.arange(len(log.begins)))

    def own(self, anchors: Anchors) -> Runs:
        """Members in the block that each anchor is in; none where it is in none."""
        block = self._block[anchors.place]
        owner = np.flatnonzero(block >= 0)
        return self._visible(anchors, owner, block[owner])

    def most_open(self, anchors: Anchors, most: int) -> Positions:
        """How many of the last blocks may be open at each anchor, at most, `(n_anchors,)`."""
        begun = np.searchsorted(self._first, anchors.stop)
        found: Positions = np.minimum(
            begun - self._of_customer[anchors.log.whom[anchors.place]], most
        )
        return found

    def last(self, anchors: Anchors, most: int) -> Runs:
        """Members in the last blocks before each anchor, without its own."""
        whom = anchors.log.whom[anchors.place]
        begin, end = self._of_customer[whom], self._of_customer[whom + 1]
        # Blocks that have begun, and those of them that began within the lookback.
        stop = before(self._first, begin, end, anchors.stop)
        start = before(self._first, begin, stop, anchors.start)
        sure, late = self._of_blocks.known(Runs.of(start, stop), anchors.known)
        cut, _ = self._reach.known(Runs.of(begin, start), -anchors.start)
        own = self._block[anchors.place]
        begun = _ends(_apart(sure, own), most)
        # Of blocks that begin with an event that is not visible it has to be seen where they do.
        owner, block = joined(late, cut).positions()
        is_other = block != own[owner]
        odd = self._visible(anchors, owner[is_other], block[is_other])
        begun, odd = self._latest(begun, odd, most)
        closed, open_ = self._closed.known(begun, anchors.stop)
        whole, partly = self._arrived.known(closed, anchors.known)
        pieces = self._visible(anchors, *joined(open_, partly).positions())
        members = Runs(whole.owner, self._begins[whole.start], self._begins[whole.stop])
        return joined(members, pieces, odd)

    def _latest(self, begun: Runs, odd: Runs, most: int) -> tuple[Runs, Runs]:
        """Of blocks those whose first visible events are the latest, so many for each owner.

        Args:
            begun: Blocks whose first event is visible.
            odd: Visible members of other blocks.
            most: How many blocks.
        """
        if not len(odd.owner):
            return begun, odd
        rows = self.members.rows
        block = np.searchsorted(self._begins, odd.start, side="right") - 1
        is_first = np.ones(len(block), dtype=bool)
        is_first[1:] = (odd.owner[1:] != odd.owner[:-1]) | (block[1:] != block[:-1])
        first = np.flatnonzero(is_first)
        owner, row = odd.owner[first], rows[odd.start[first]]
        order = np.lexsort((-row, owner))
        begin = np.searchsorted(owner, owner)
        place = np.empty(len(first), dtype=np.int64)
        place[order] = np.arange(len(owner)) - begin
        # Blocks are in the order of their first events.
        after = _counted_after(begun, owner, np.searchsorted(self._first, row))
        is_taken = place + after < most
        taken = np.zeros(int(max(owner[-1], begun.owner.max(initial=0))) + 1, dtype=np.int64)
        np.add.at(taken, owner[is_taken], 1)
        return _ends(begun, most - taken[begun.owner]), odd.taken(is_taken[np.cumsum(is_first) - 1])

    def _visible(self, anchors: Anchors, owner: Positions, block: Positions) -> Runs:
        """What each owner could see of a block, in the order of owners and blocks."""
        begin, end = self._begins[block], self._begins[block + 1]
        rows = self.members.rows
        start = before(rows, begin, end, anchors.start[owner])
        stop = before(rows, start, end, anchors.stop[owner])
        pieces = Runs.of(start, stop)
        known = anchors.known[owner]
        found, _ = self._reception.known(pieces, known)
        return Runs(owner[found.owner], found.start, found.stop)


def _apart(runs: Runs, without: Positions) -> Runs:
    """Stretches without one entry of each owner; -1 for owners of whom all of them stay."""
    one = without[runs.owner]
    before = Runs(runs.owner, runs.start, np.minimum(runs.stop, np.where(one < 0, runs.stop, one)))
    behind = Runs(runs.owner, np.maximum(runs.start, one + 1), np.where(one < 0, -1, runs.stop))
    return joined(*(part.taken(part.stop > part.start) for part in (before, behind)))


def _after(runs: Runs) -> Positions:
    """How many entries of the same owner come after each stretch."""
    total: Positions = np.append(0, np.cumsum(runs.stop - runs.start))
    return total[np.searchsorted(runs.owner, runs.owner, side="right")] - total[1:]


def _ends(runs: Runs, most: int | Positions) -> Runs:
    """The last entries of each owner, so many at most."""
    start = np.maximum(runs.start, runs.stop - (most - _after(runs)))
    return Runs(runs.owner, start, runs.stop).taken(start < runs.stop)


def _counted_after(runs: Runs, owner: Positions, entry: Positions) -> Positions:
    """How many entries of an owner are at or behind one, for several owners and entries."""
    if not len(runs.owner):
        return np.zeros(len(owner), dtype=np.int64)
    # The stretch in which the entry lies, or the next one of the owner.
    size = int(max(runs.stop.max(), entry.max(initial=0))) + 1
    place = np.searchsorted(runs.owner * size + runs.stop, owner * size + entry, side="right")
    there = np.minimum(place, len(runs.owner) - 1)
    is_theirs = (place < len(runs.owner)) & (runs.owner[there] == owner)
    inside = runs.stop[there] - np.maximum(runs.start[there], entry)
    found: Positions = np.where(is_theirs, inside + _after(runs)[there], 0)
    return found
