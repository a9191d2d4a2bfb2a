"""Blocks of events that share a value, such as the id of a session, wherever they lie."""

from typing import TYPE_CHECKING

import numpy as np

from valuebox.features.declared.anchors import Anchors
from valuebox.features.declared.blocks import Members
from valuebox.features.declared.columns import Codes, Positions
from valuebox.features.declared.log import Log, Reception, Runs, before, joined

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
        self._of_customer = np.searchsorted(log.whom[self._first], np.arange(len(log.begins)))

    def own(self, anchors: Anchors) -> Runs:
        """Members in the block that each anchor is in; none where it is in none."""
        block = self._block[anchors.place]
        owner = np.flatnonzero(block >= 0)
        return self._visible(anchors, owner, block[owner])

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
        owner, block = joined(_ends(sure, most + 1), late, cut).positions()
        is_other = block != own[owner]
        owner, block = owner[is_other], block[is_other]
        runs = self._visible(anchors, owner, block)
        return _latest(runs, self.members.rows, self._begins, most)

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


def _ends(runs: Runs, most: int) -> Runs:
    """The last entries of each owner, so many at most."""
    if not len(runs.owner):
        return runs
    length = runs.stop - runs.start
    total = np.cumsum(length)
    is_last = np.append(runs.owner[1:] != runs.owner[:-1], True)
    end = total[is_last][np.cumsum(np.append(0, is_last[:-1]))]
    after = end - total
    start = np.maximum(runs.start, runs.stop - (most - after))
    return Runs(runs.owner, start, runs.stop).taken(after < most)


def _latest(runs: Runs, rows: Positions, begins: Positions, most: int) -> Runs:
    """Those stretches that are of the blocks whose first visible events are the latest."""
    if not len(runs.owner):
        return runs
    block = np.searchsorted(begins, runs.start, side="right") - 1
    is_first = np.ones(len(block), dtype=bool)
    is_first[1:] = (runs.owner[1:] != runs.owner[:-1]) | (block[1:] != block[:-1])
    first = np.flatnonzero(is_first)
    order = np.lexsort((-rows[runs.start[first]], runs.owner[first]))
    owner = runs.owner[first][order]
    begin = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
    place = np.arange(len(owner)) - np.repeat(begin, np.diff(np.append(begin, len(owner))))
    is_taken: NDArray[np.bool_] = np.empty(len(first), dtype=bool)
    is_taken[order] = place < most
    return runs.taken(is_taken[np.cumsum(is_first) - 1])
