"""Blocks that begin where a condition holds that asks about the block so far.

What a block is depends on everything before, and so is found event by event: once for a customer
whose anchors see the same beginning, and once more for each anchor before which something was late.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.anchors import Anchors
from valuebox.features.declared.blocks import Members
from valuebox.features.declared.columns import Column, Positions, values
from valuebox.features.declared.expressions import Formula
from valuebox.features.declared.log import Log, Runs
from valuebox.features.declared.running import RunningField
from valuebox.features.declared.scalars import Scalar
from valuebox.features.declared.worth import name_before, name_of_block

_SECOND = 1e6


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
        found = [
            (owner, block[0], block[-1] + 1)
            for owner, seen, starts, is_new in self._each(anchors)
            for block in _stretches(
                seen, starts if is_new else starts[:-1], len(seen) if is_new else starts[-1], most
            )
        ]
        return _runs(found)

    def own(self, anchors: Anchors) -> Runs:
        """Events in the block that each anchor is in."""
        found = [
            (owner, block[0], block[-1] + 1)
            for owner, seen, starts, is_new in self._each(anchors)
            if not is_new
            for block in _stretches(seen, starts[-1:], len(seen), 1)
        ]
        return _runs(found)

    def _each(self, anchors: Anchors) -> Iterator[tuple[int, Positions, list[int], bool]]:
        """For each anchor what was visible, where blocks begin in it, and whether it begins one."""
        visible = anchors.visible
        pieces: dict[int, list[int]] = {}
        for place, owner in enumerate(visible.owner.tolist()):
            pieces.setdefault(owner, []).append(place)
        by_beginning: dict[int, list[int]] = {}
        for owner, places in pieces.items():
            whole = len(places) == 1 and visible.stop[places[0]] == anchors.stop[owner]
            key = int(visible.start[places[0]]) if whole else -owner - 1
            by_beginning.setdefault(key, []).append(owner)
        for owners in by_beginning.values():
            owners.sort(key=lambda owner: int(anchors.stop[owner]))
            seen = np.concatenate(
                [
                    np.arange(visible.start[place], visible.stop[place])
                    for place in pieces[owners[-1]]
                ]
            )
            yield from self._walk(anchors, owners, seen)

    def _walk(
        self, anchors: Anchors, owners: list[int], seen: Positions
    ) -> Iterator[tuple[int, Positions, list[int], bool]]:
        events = _Events(self, seen)
        block = _Block(
            self._condition,
            {name: RunningField(one.aggregate) for name, one in self._fields.items()},
        )
        done = 0
        starts: list[int] = []
        for owner in owners:
            until = int(np.searchsorted(seen, anchors.stop[owner]))
            for place in range(done, until):
                event = events.at(place)
                if block.add(event):
                    starts.append(place)
            done = until
            own = _Events(self, anchors.place[owner : owner + 1]).at(0)
            yield owner, seen[:until], list(starts), block.ends_with(own)


class _Event(NamedTuple):
    time: int
    values: dict[str, Scalar]
    """What the condition reads."""
    fields: dict[str, Any]
    """What each field takes of it; a field that it is nothing for is not there."""


class _Events:
    """Some events, as the condition reads them."""

    def __init__(self, told: Told, rows: Positions):
        self._time = told._log.time[rows].tolist()
        self._values = {name: values(column, rows) for name, column in told._columns.items()}
        self._fields = {
            name: (
                one.holds[rows].tolist(),
                [None] * len(rows) if one.value is None else values(one.value, rows),
            )
            for name, one in told._fields.items()
        }

    def at(self, place: int) -> _Event:
        return _Event(
            self._time[place],
            {name: column[place] for name, column in self._values.items()},
            {name: value[place] for name, (holds, value) in self._fields.items() if holds[place]},
        )


class _Block:
    """The block so far."""

    def __init__(self, condition: Formula, fields: dict[str, RunningField]):
        self._condition, self._fields = condition, fields
        self._events = self._first = 0
        self._before: _Event | None = None

    def ends_with(self, event: _Event) -> bool:
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

    def add(self, event: _Event) -> bool:
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


def _stretches(seen: Positions, starts: list[int], stop: int, most: int) -> Iterator[Positions]:
    """The last blocks in stretches of positions without a gap."""
    if starts:
        part = seen[starts[-most:][0] : stop]
        yield from (
            one for one in np.split(part, np.flatnonzero(np.diff(part) != 1) + 1) if len(one)
        )


def _runs(found: list[tuple[int, int, int]]) -> Runs:
    columns = np.array(found, dtype=np.int64).reshape(-1, 3)
    return Runs(columns[:, 0], columns[:, 1], columns[:, 2]).in_order()
