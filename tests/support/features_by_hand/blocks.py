"""Rule 5: how visible events and their anchor, which comes last, are split into blocks."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from support.features_by_hand.events import SECOND, Event, moment_of
from support.features_by_hand.expressions import Block, is_true, value_of
from support.features_by_hand.fields import aggregated
from support.features_by_hand.values import key_of

UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}

Labels = list[Any]
"""For each event which block it is in; None where it is in none."""


def duration(text: str) -> int:
    """A duration such as "30 minutes" in microseconds."""
    count, unit = text.split()
    return int(count) * UNITS[unit.removesuffix("s")] * SECOND


def labels(declaration: dict[str, Any], events: list[Event]) -> Labels:
    """The block of each event, where the last event is the anchor."""
    split = declaration.get("split")
    if split is None:
        return [None] * len(events)
    ((kind, argument),) = split.items()
    if kind == "by":
        return by(argument, events)
    if kind == "change":
        return change(argument, events)
    if kind == "gap":
        return gap(duration(argument), events)
    if kind == "day":
        return day(argument, events)
    return when(argument, declaration.get("field", {}), events)


def by(expression: str, events: list[Event]) -> Labels:
    """Events of the same value are a block, wherever they lie; without a value, in none."""
    return [key_of(value_of(expression, event)) for event in events]


def change(expression: str, events: list[Event]) -> Labels:
    """A new block where the value differs from the one before; missing ones are passed over."""
    found: Labels = []
    before, block = None, 0
    for event in events:
        value = key_of(value_of(expression, event))
        if value is None:
            found.append(None)
            continue
        if before is not None and value != before:
            block += 1
        before = value
        found.append(block)
    return found


def gap(longest: int, events: list[Event]) -> Labels:
    """A new block where an event is more than `longest` microseconds after the one before."""
    found: Labels = []
    for position, event in enumerate(events):
        if position == 0:
            found.append(0)
        elif event.time - events[position - 1].time > longest:
            found.append(found[-1] + 1)
        else:
            found.append(found[-1])
    return found


def day(zone: str, events: list[Event]) -> Labels:
    """Calendar days of a time zone."""
    return [moment_of(event.time).astimezone(ZoneInfo(zone)).date() for event in events]


def when(condition: str, fields: dict[str, Any], events: list[Event]) -> Labels:
    """A new block begins with an event of which the condition is true, and with the first."""
    found: Labels = []
    so_far: list[Event] = []
    for event in events:
        if so_far and not is_true(
            condition, event, Block(so_far[-1], asked(so_far, event, fields))
        ):
            so_far.append(event)
            found.append(found[-1])
            continue
        so_far = [event]
        found.append(len(set(found)))
    return found


def asked(so_far: list[Event], event: Event, fields: dict[str, Any]) -> Callable[[str], Any]:
    """What `block(NAME)` says of a block to which the event may be added."""

    def told(name: str) -> Any:
        if name == "events":
            return len(so_far)
        if name == "seconds":
            return (event.time - so_far[0].time) / SECOND
        if name == "silence":
            return (event.time - so_far[-1].time) / SECOND
        return aggregated(fields[name], so_far)

    return told
