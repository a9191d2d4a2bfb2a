"""Blocks that begin where a condition holds that asks about the block so far.

What a block is depends on everything before in it, and so is found event by event: once for a
customer, and once more from the block on in which an event arrived late.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.errors import ValueboxError
from valuebox.features.declared.anchors import Anchors
from valuebox.features.declared.blocks import Members
from valuebox.features.declared.columns import Column, Positions, values
from valuebox.features.declared.expressions import Formula
from valuebox.features.declared.log import Log, Runs
from valuebox.features.declared.running import RunningField
from valuebox.features.declared.scalars import Scalar
from valuebox.features.declared.worth import name_before, name_of_block

_SECOND: Final = 1e6
_MOST_AGAIN: Final = 100_000_000
"""Events that are looked at again, of all customers: some minutes."""
_Piece = tuple[int, int]
"""A stretch of the log of which everything is visible: from, and to before."""
_Stretch = tuple[int, int, int]
"""Such a stretch, behind the position of the anchor whose it is."""


class TooManyAgain(ValueboxError):
    """A lookback would have the same events told over and over."""


class FieldOfEvents(NamedTuple):
    """What a field of blocks looks at."""

    aggregate: str
    holds: NDArray[np.bool_]
    value: Column | None


class Told:
    """Blocks by a condition on the block so far.

    Args:
        log: All events.
        condition: Whether an event begins a new block.
        read: The column of each name.
        fields: The fields that the condition asks for.
    """

    def __init__(
        self,
        log: Log,
        condition: Formula,
        read: Callable[[str], Column],
        fields: Mapping[str, FieldOfEvents],
    ):
        self.members = Members(np.arange(len(log.whom)), True)
        self._log, self._condition, self._fields = log, condition, fields
        self._columns = {name: read(name) for name in condition.names | condition.before}

    def last(self, anchors: Anchors, most: int) -> Runs:
        """Events in the last blocks before each anchor, without its own."""
        found: list[_Stretch] = []
        for owner, pieces, starts, is_new in self._each(anchors):
            closed = len(starts) if is_new else len(starts) - 1
            if closed:
                stop = pieces[-1][1] if is_new else starts[-1]
                found += _clipped(owner, pieces, starts[max(closed - most, 0)], stop)
        return _runs(found)

    def own(self, anchors: Anchors) -> Runs:
        """Events in the block that each anchor is in."""
        found: list[_Stretch] = []
        for owner, pieces, starts, is_new in self._each(anchors):
            if not is_new:
                found += _clipped(owner, pieces, starts[-1], pieces[-1][1])
        return _runs(found)

    def most_open(self, anchors: Anchors, most: int) -> Positions:
        """How many of the last blocks may be open at each anchor: they follow one another."""
        return np.ones(len(anchors), dtype=np.int64)

    def _each(self, anchors: Anchors) -> Iterator[tuple[int, Sequence[_Piece], list[int], bool]]:
        """For each anchor what was visible, where blocks begin in it, and whether it begins one.

        What one anchor saw differs from what the next sees by the few events that arrived between
        them: blocks that begin before the first of these are the same.
        """
        log, visible = self._log, anchors.visible
        edges = np.searchsorted(visible.owner, np.arange(len(anchors) + 1)).tolist()
        bounds = list(zip(visible.start.tolist(), visible.stop.tolist(), strict=True))
        before: Sequence[_Piece] = ()
        walk, events, whom = _Walk(self._block), _Events(self, 0, 0), -1
        left = _MOST_AGAIN + len(log.whom)
        for owner, place in enumerate(anchors.place.tolist()):
            pieces = bounds[edges[owner] : edges[owner + 1]]
            if not pieces:
                continue
            if log.whom[place] != whom:
                whom = int(log.whom[place])
                events = _Events(self, int(log.begins[whom]), int(log.begins[whom + 1]))
                before, walk = (), _Walk(self._block)
            resumed = before[-1][1] if before else pieces[0][0]
            parted = _parted(before, pieces)
            if parted < resumed:
                resumed = walk.back(parted, pieces[0][0])
            for _, start, stop in _clipped(owner, pieces, resumed, pieces[-1][1]):
                left -= walk.on(events, start, stop)
            if left < 0:
                raise TooManyAgain(
                    f"split.when: somebody has so many events within the lookback that blocks "
                    f"have to be told anew of more than {_MOST_AGAIN:,}: leave `lookback` out, or "
                    "have a condition without block(…), or another split"
                )
            before = pieces
            yield owner, pieces, walk.starts, walk.block.ends_with(events.at(place))

    def _block(self) -> "Block":
        fields = {name: RunningField(one.aggregate) for name, one in self._fields.items()}
        return Block(self._condition, fields)


class Event(NamedTuple):
    """An event, as a condition on the block so far asks about it."""

    time: int
    """In microseconds since 1970."""
    values: Mapping[str, Scalar]
    """What the condition reads."""
    fields: dict[str, Any]
    """What each field takes of it; a field that it is nothing for is not there."""


class _Events:
    """Events of a customer, as the condition reads them."""

    def __init__(self, told: Told, begin: int, end: int):
        rows = np.arange(begin, end)
        self._begin = begin
        self._time = told._log.time[rows].tolist()
        self._values = {name: values(column, rows) for name, column in told._columns.items()}
        self._fields = {
            name: (
                one.holds[rows].tolist(),
                [None] * len(rows) if one.value is None else values(one.value, rows),
            )
            for name, one in told._fields.items()
        }

    def at(self, row: int) -> Event:
        """The event at a position in the log."""
        place = row - self._begin
        return Event(
            self._time[place],
            {name: column[place] for name, column in self._values.items()},
            {name: value[place] for name, (holds, value) in self._fields.items() if holds[place]},
        )


class Block:
    """The block so far."""

    def __init__(self, condition: Formula, fields: dict[str, RunningField]):
        self._condition, self._fields = condition, fields
        self._events = self._first = 0
        self._before: Event | None = None

    def ends_with(self, event: Event) -> bool:
        """Whether the next block begins with an event."""
        if self._before is None:
            return True
        asked: dict[str, Scalar] = dict(event.values)
        for name, value in self._before.values.items():
            asked[name_before(name)] = value
        for name, field in self._fields.items():
            asked[name_of_block(name)] = field.value
        asked[name_of_block("events")] = self._events
        asked[name_of_block("seconds")] = (event.time - self._first) / _SECOND
        asked[name_of_block("silence")] = (event.time - self._before.time) / _SECOND
        return self._condition.of_event(asked.__getitem__) is True

    def add(self, event: Event) -> bool:
        """Take an event, and say whether a new block begins with it."""
        is_new = self.ends_with(event)
        if is_new:
            self._events, self._first = 0, event.time
            for field in self._fields.values():
                field.clear()
        self._events += 1
        for name, value in event.fields.items():
            self._fields[name].add(value)
        self._before = event
        return is_new


class _Walk:
    """Blocks of a customer, told event by event.

    What follows a block is the same whatever was before it, and is not told again where the first
    visible event is another one, as it is with a lookback.

    Args:
        new: Makes a block without events.
    """

    def __init__(self, new: Callable[[], Block]):
        self._new = new
        self.block = new()
        self.starts: list[int] = []
        """Where blocks begin."""
        self._next: dict[int, int] = {}
        """Where the block after each begins, when everything between is visible."""

    def back(self, to: int, first: int) -> int:
        """Forget what is told of events from one on, and say with which to go on.

        Args:
            to: That event.
            first: The first that is visible.
        """
        del self.starts[bisect_left(self.starts, to) :]
        self.block = self._new()
        return self.starts.pop() if self.starts else first

    def on(self, events: "_Events", start: int, stop: int) -> int:
        """Go on with events of which all are visible, and say how many were looked at."""
        row, looked = start, 0
        while row < stop:
            looked += 1
            if self.block.add(events.at(row)):
                if self.starts and self.starts[-1] >= start:
                    self._next[self.starts[-1]] = row
                self.starts.append(row)
                while (later := self._next.get(self.starts[-1], stop)) < stop:
                    self.starts.append(later)
                if self.starts[-1] != row:
                    row = self.starts[-1]
                    self.block = self._new()
                    self.block.add(events.at(row))
            row += 1
        return looked


def _parted(one: Sequence[_Piece], other: Sequence[_Piece]) -> int:
    """The first position that lies in one of two sequences of pieces, and not in the other."""
    for (start, stop), (begin, end) in zip(one, other, strict=False):
        if start != begin:
            return min(start, begin)
        if stop != end:
            return min(stop, end)
    longer = one[len(other) :] or other[len(one) :]
    return longer[0][0] if longer else one[-1][1]


def _clipped(owner: int, pieces: Sequence[_Piece], start: int, stop: int) -> list[_Stretch]:
    """What of some pieces lies within bounds."""
    first = max(bisect_right(pieces, start, key=lambda piece: piece[0]) - 1, 0)
    cut = ((max(one, start), min(other, stop)) for one, other in pieces[first:])
    return [(owner, one, other) for one, other in cut if other > one]


def _runs(found: list[_Stretch]) -> Runs:
    columns = np.array(found, dtype=np.int64).reshape(-1, 3)
    return Runs(columns[:, 0], columns[:, 1], columns[:, 2]).in_order()
