"""Fields of declarations, worked out from lists of events in the order of (time, id)."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from support.features_by_hand.events import Event
from support.features_by_hand.expressions import is_true, value_of
from support.features_by_hand.values import calculated, key_of, number

AGGREGATES = ("count", "sum", "mean", "min", "max", "first", "last", "distinct")
UNITS = 1e6


def aggregate_of(field: dict[str, Any]) -> str:
    """Which of `AGGREGATES` a field or an attribute is."""
    (aggregate,) = (name for name in AGGREGATES if name in field)
    return aggregate


def field_of(name: str, fields: dict[str, Any], events: Sequence[Event]) -> Any:
    """The value of a field over the events of a window.

    Args:
        name: Of the field.
        fields: All of the declaration, since a ratio is made of others.
        events: Those of the window, in order.
    """
    field = fields[name]
    if "ratio" not in field:
        return aggregated(field, events)
    # Rule 8: null where a part is null or the second is 0.
    above, below = (aggregated(fields[part], events) for part in field["ratio"])
    return calculated(above, "/", below)


def aggregated(field: dict[str, Any], events: Sequence[Event]) -> Any:
    """What an aggregate says of events; missing values are passed over."""
    counted = [event for event in events if is_true(field.get("when"), event)]
    aggregate = aggregate_of(field)
    if field[aggregate] is True:
        return len(counted)
    values = [value_of(field[aggregate], event) for event in counted]
    values = [value for value in values if value is not None]
    if aggregate == "count":
        return len(values)
    if aggregate == "distinct":
        return len({key_of(value) for value in values})
    if aggregate in ("first", "last"):
        return None if not values else values[0 if aggregate == "first" else -1]
    return _of_numbers(aggregate, [number(value) for value in values])


def _of_numbers(aggregate: str, values: list[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    if aggregate == "sum":
        return _in_units(total(numbers)[0])
    # Rule 7: without values only counts and sums are 0.
    if aggregate in ("min", "max"):
        return None if not numbers else min(numbers) if aggregate == "min" else max(numbers)
    units, count = total(numbers)
    found = _in_units(units)
    return None if count == 0 or found is None else found / count


def _in_units(millionths: int) -> float | None:
    """Null where the sum is larger than any number."""
    for divisor in (UNITS, int(UNITS)):
        with suppress(OverflowError):
            return millionths / divisor
    return None


def total(numbers: list[float]) -> tuple[int, int]:
    """Rule 9: the exact sum in millionths, each rounded with halves to even, and of how many."""
    is_large = [abs(value * UNITS) == float("inf") for value in numbers]
    rounded = [
        int(value) * int(UNITS) if large else round(value * UNITS)
        for value, large in zip(numbers, is_large, strict=True)
    ]
    return sum(rounded), len(rounded)
