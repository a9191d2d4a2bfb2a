"""Blocks of events, such as sessions: the last few before an anchor, and its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.anchors import Anchors
from valuebox.features.declared.columns import Positions
from valuebox.features.declared.log import Log, Runs, counted


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
        starts = np.flatnonzero(is_first)
        self._start = starts[np.cumsum(is_first) - 1] if len(rows) else starts
        """First member of the block of each, where nothing arrived late."""

    def last(self, anchors: Anchors, most: int) -> Runs:
        """Members in the last blocks before each anchor, without its own."""
        runs, number = self._pieces(anchors, most)
        return runs.taken(number > 0).in_order()

    def own(self, anchors: Anchors) -> Runs:
        """Members in the block that each anchor is in; none where it is in none."""
        runs, number = self._pieces(anchors, 0)
        return runs.taken(number == 0).in_order()

    def _pieces(self, anchors: Anchors, most: int) -> tuple[Runs, NDArray[np.int64]]:
        """Stretches of members back from each anchor, and how many blocks lie between."""
        visible = anchors.visible
        begin, end = self._rank[visible.start], self._rank[visible.stop]
        there = end > begin
        owner, begin, end = visible.owner[there], begin[there], end[there]
        is_last = np.ones(len(owner), dtype=bool)
        is_last[:-1] = owner[1:] != owner[:-1]
        run = np.flatnonzero(is_last)
        of = owner[run]
        stop = end[run]
        # An anchor that is in no block has none of its own: the first block found is the last.
        following = np.where(self._is_member[anchors.place[of]], anchors.place[of], -1)
        number = np.where(following < 0, 1, 0)
        found: list[Runs] = []
        numbers: list[NDArray[np.int64]] = []
        while len(run):
            asked = np.flatnonzero(following >= 0)
            before = self.members.rows[stop[asked] - 1]
            number[asked] += self._begins(before, following[asked])
            open_ = number <= most
            run, of, stop, number = run[open_], of[open_], stop[open_], number[open_]
            start = np.maximum(begin[run], self._start[stop - 1])
            found.append(Runs(of, start, stop))
            numbers.append(number)
            following = self.members.rows[start]
            has_more = start > begin[run]
            earlier = np.where(has_more, run, run - 1)
            left = has_more | ((run > 0) & (owner[earlier] == of))
            run = earlier[left]
            stop = np.where(has_more[left], start[left], end[run])
            of, number, following = of[left], number[left].copy(), following[left]
        nothing = np.empty(0, dtype=np.int64)
        pieces = (
            Runs(*(np.concatenate([nothing, *part]) for part in zip(*found, strict=True)))
            if (found)
            else Runs(nothing, nothing, nothing)
        )
        return pieces, np.concatenate([nothing, *numbers])
