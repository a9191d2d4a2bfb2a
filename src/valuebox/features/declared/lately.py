"""The blocks before a question, over lists: which events are in the last ones, and in its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import ne
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from valuebox.features.declared.declaration import OF_BLOCK, Declaration
from valuebox.features.declared.expressions import Formula, formula
from valuebox.features.declared.parts import Measure, Split
from valuebox.features.declared.past import Asked, Past
from valuebox.features.declared.remembered import Remembered, keys
from valuebox.features.declared.running import RunningField
from valuebox.features.declared.scalars import Scalar, identity, true
from valuebox.features.declared.splitting import day_in
from valuebox.features.declared.told import Block, Event
from valuebox.features.declared.worth import name_before

Places = Sequence[int]
"""Positions of events in the past, in its order; a `range` where none lies between."""
Each = Callable[[Measure], list[Any]]
"""What a measure takes of each event; None for what it does not look at."""


class Blocks(Protocol):
    """The events before a question, in blocks."""

    def last(self, most: int) -> Places:
        """Events in the last blocks, without that of the question."""

    def own(self) -> Places:
        """Events in the block that the question is in; none where it is in none."""

    def are_settled(self, most: int) -> bool | None:
        """Whether so many last blocks are the same, whatever happened before all these events.

        None where all that happened has to be known in any case.
        """


class Following(NamedTuple):
    """Blocks that follow one another."""

    members: Places
    """Events that are in a block."""
    starts: Sequence[int]
    """Where blocks begin among the members, the latest first: that of the question, then those
    before. It may be behind all others; where it is in no block, it is."""
    are_told: bool = False
    """Whether a block is told from the first event on, so that it depends on all of them."""

    def last(self, most: int) -> Places:
        """Events in the last blocks, without that of the question."""
        if not self.starts:
            return ()
        first = self.starts[most] if len(self.starts) > most else 0
        return self.members[first : self.starts[0]]

    def own(self) -> Places:
        """Events in the block that the question is in; none where it is in none."""
        return self.members[self.starts[0] if self.starts else 0 :]

    def are_settled(self, most: int) -> bool | None:
        """Whether so many last blocks are the same, whatever happened before all these events."""
        return None if self.are_told else len(self.starts) > most


class ByKey(NamedTuple):
    """Blocks of events that share a value, wherever they lie."""

    key: Sequence[Scalar]
    """What those of a block share; None for no block."""
    asked: Scalar
    """What the question shares with others of its block; None for no block."""

    def last(self, most: int) -> Places:
        """Events in the last blocks, without that of the question."""
        # In the order in which they began.
        others = list(dict.fromkeys(one for one in self.key if one not in (None, self.asked)))
        chosen = frozenset(others[-most:])
        return [place for place, one in enumerate(self.key) if one in chosen]

    def own(self) -> Places:
        """Events in the block that the question is in; none where it is in none."""
        if self.asked is None:
            return ()
        return [place for place, one in enumerate(self.key) if one == self.asked]

    def are_settled(self, most: int) -> bool | None:
        """Whether so many last blocks are the same, whatever happened before all these events."""
        # Any of them may have begun before. Whether an event is in the own one, its value says.
        return None if most else True


Splitter = Callable[[Past, Asked, Each], Blocks]
"""What finds the blocks before a question."""


def splitter(declared: Declaration) -> Splitter:
    """What finds blocks as a declaration splits them.

    Args:
        declared: It has a split.
    """
    split = declared.split or Split()
    if split.by is not None:
        return _by(formula(split.by))
    if split.change is not None:
        return _change(formula(split.change))
    if split.gap is not None:
        gap = split.gap
        return _adjacent(lambda one, other: other - one > gap)
    if split.day is not None:
        zone = ZoneInfo(split.day)
        return _adjacent(lambda one, other: day_in(one, zone) != day_in(other, zone))
    condition = formula(split.when or "", of_blocks=True)
    return _told(declared, condition) if condition.block else _when(condition)


def fields_of_split(declared: Declaration) -> dict[str, Measure]:
    """The fields that a split asks for, by name."""
    if declared.split is None or declared.split.when is None:
        return {}
    asked = formula(declared.split.when, of_blocks=True).block - frozenset(OF_BLOCK)
    return {name: measure for name in sorted(asked) for _, measure in declared.measures(name)}


def _by(value: Formula) -> Splitter:
    key = _identity(value)

    def blocks(past: Past, asked: Asked, _: Each) -> Blocks:
        return ByKey(past.each(key), identity(value.of_event(asked.values.__getitem__)))

    return blocks


def _change(value: Formula) -> Splitter:
    key = _identity(value)

    def blocks(past: Past, asked: Asked, _: Each) -> Blocks:
        of_each = past.each(key)
        members: Places = range(past.whole, len(of_each))
        values = of_each[past.whole :]
        if None in values:
            members = [place for place in members if of_each[place] is not None]
            values = [of_each[place] for place in members]
        own = identity(value.of_event(asked.values.__getitem__))
        begins = list(map(ne, values, [*values[1:], own]))
        return Following(members, _starts(begins, own is not None))

    return blocks


def _identity(value: Formula) -> Remembered:
    return Remembered(sorted(value.names), lambda get: identity(value.of_event(get)))


def _adjacent(begins: Callable[[int, int], bool]) -> Splitter:
    def blocks(past: Past, asked: Asked, _: Each) -> Blocks:
        time = past.time[past.whole :]
        found = list(map(begins, time, [*time[1:], asked.time]))
        return Following(range(past.whole, len(past)), _starts(found, True))

    return blocks


def _when(condition: Formula) -> Splitter:
    now, before = sorted(condition.names), sorted(condition.before)
    holds = Remembered(
        [*now, *map(name_before, before)], lambda get: true(condition.of_event(get)) is True
    )

    def blocks(past: Past, asked: Asked, _: Each) -> Blocks:
        first, count = past.whole, len(past)
        if first == count:
            return Following((), ())
        following = [[*past.keys[name][first + 1 :], *keys([asked.values[name]])] for name in now]
        found = holds.of([*following, *(past.keys[name][first:] for name in before)], count - first)
        return Following(range(first, count), _starts(found, True))

    return blocks


def _starts(begins: Sequence[bool], is_member: bool) -> Sequence[int]:
    """Where blocks begin among events, the latest first.

    Args:
        begins: Whether a block begins after each of them.
        is_member: Whether the question, which is after the last, is in a block.
    """
    count = len(begins)
    found = [place + 1 for place in range(count - 1, -1, -1) if begins[place]]
    return found if is_member else [count, *(one for one in found if one < count)]


def _told(declared: Declaration, condition: Formula) -> Splitter:
    names = sorted(condition.names | condition.before)
    measures = fields_of_split(declared)

    def blocks(past: Past, asked: Asked, each: Each) -> Blocks:
        fields = {name: each(measure) for name, measure in measures.items()}
        running = {name: RunningField(one.aggregate) for name, one in measures.items()}
        block = Block(condition, running)
        events = enumerate(_events(past, names, fields))
        starts = [place for place, event in events if block.add(event)]
        begins = block.ends_with(Event(asked.time, asked.values, {}))
        behind = [len(past)] if begins else []
        return Following(range(len(past)), [*behind, *reversed(starts)], are_told=True)

    return blocks


def _events(
    past: Past, names: Sequence[str], fields: Mapping[str, Sequence[Any]]
) -> Iterator[Event]:
    for place, time in enumerate(past.time):
        yield Event(
            time,
            {name: past.columns[name][place] for name in names},
            {name: one[place] for name, one in fields.items() if one[place] is not None},
        )
