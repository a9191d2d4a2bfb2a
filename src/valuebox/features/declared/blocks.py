"""Blocks of events, such as sessions: the last few before an anchor, and its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.anchors import Anchors
from valuebox.features.declared.columns import Positions
from valuebox.features.declared.log import Log, Runs, counted, joined


@dataclass(frozen=True)
class Members:
    """Events that are in blocks, as a log of their own."""

    rows: Positions
    """Position in the log of everything, `(n_members,)`."""
    is_all: bool
    """Whether these are all events, in the order of the log."""

    @property
    def rank(self) -> Positions | None:
        """What tells the order of time among them; None where they are in it."""
        return None if self.is_all else self.rows


class Blocks(Protocol):
    """One way in which events are split into blocks, as each anchor could see them."""

    members: Members

    def last(self, anchors: Anchors, most: int) -> Runs:
        """Members in the last blocks before each anchor, without its own."""

    def own(self, anchors: Anchors) -> Runs:
        """Members in the block that each anchor is in; none where it is in none."""

    def most_open(self, anchors: Anchors, most: int) -> Positions:
        """How many of the last blocks may be open at each anchor, at most, `(n_anchors,)`."""


Begins = Callable[[Positions, Positions], NDArray[np.bool_]]
"""Whether the second event of each pair begins a new block, where the first is the one before."""


class Adjacent:
    """Blocks that follow one another: whether one begins depends on the event before.

    Args:
        log: All events.
        is_member: Which of them are in a block.
        begins: Whether an event begins a block after another one.
    """

    def __init__(self, log: Log, is_member: NDArray[np.bool_], begins: Begins):
        rows = np.flatnonzero(is_member)
        self.members = Members(rows, len(rows) == len(is_member))
        self._rank = counted(is_member)
        self._is_member, self._begins = is_member, begins
        is_first = np.ones(len(rows), dtype=bool)
        whom = log.whom[rows]
        is_first[1:] = (whom[1:] != whom[:-1]) | begins(rows[:-1], rows[1:])
        self._number = np.cumsum(is_first) - 1
        """Block of each member, where nothing arrived late."""
        self._starts = np.append(np.flatnonzero(is_first), len(rows))

    def last(self, anchors: Anchors, most: int) -> Runs:
        """Members in the last blocks before each anchor, without its own."""
        return self._between(anchors, 1, most)

    def own(self, anchors: Anchors) -> Runs:
        """Members in the block that each anchor is in; none where it is in none."""
        return self._between(anchors, 0, 0)

    def most_open(self, anchors: Anchors, most: int) -> Positions:
        """How many of the last blocks may be open at each anchor: they follow one another."""
        return np.ones(len(anchors), dtype=np.int64)

    def _between(self, anchors: Anchors, least: int, most: int) -> Runs:
        """Members in blocks back from each anchor, from one number to another; its own is 0.

        Within a stretch of which everything was visible blocks are those of the whole log, so that
        it takes one step for each stretch, however many blocks are in it.
        """
        visible = anchors.visible
        begin, end = self._rank[visible.start], self._rank[visible.stop]
        there = end > begin
        owner, begin, end = visible.owner[there], begin[there], end[there]
        is_last = np.ones(len(owner), dtype=bool)
        is_last[:-1] = owner[1:] != owner[:-1]
        run = np.flatnonzero(is_last)
        # An anchor that is in no block has none of its own: the first block found is the last.
        place = anchors.place[owner[run]]
        following = np.where(self._is_member[place], place, -1)
        number = np.where(following < 0, 1, 0)
        nothing = np.empty(0, dtype=np.int64)
        found = [Runs(nothing, nothing, nothing)]
        while len(run):
            asked = np.flatnonzero(following >= 0)
            before = self.members.rows[end[run[asked]] - 1]
            number[asked] += self._begins(before, following[asked])
            open_ = number <= most
            run, number = run[open_], number[open_]
            first, last = self._number[begin[run]], self._number[end[run] - 1]
            latest = last + number
            start = np.maximum(begin[run], self._starts[np.maximum(latest - most, first)])
            stop = np.minimum(end[run], self._starts[np.minimum(latest - least, last) + 1])
            found.append(Runs(owner[run], start, stop).taken(stop > start))
            following, number = self.members.rows[begin[run]], latest - first
            left = (run > 0) & (owner[run - 1] == owner[run])
            run, following, number = run[left] - 1, following[left], number[left]
        return joined(*found)
