"""Measures and columns, ready to be asked about the lists of a question."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.expressions import formula
from valuebox.features.declared.narrowing import narrowed
from valuebox.features.declared.parts import Aggregate, Measure, Window
from valuebox.features.declared.remembered import Remembered
from valuebox.features.declared.running import AGGREGATES, usable
from valuebox.features.declared.scalars import Scalar, number, true
from valuebox.features.declared.worth import Get


class Taking(NamedTuple):
    """A measure, ready to be asked about lists."""

    aggregate: Aggregate
    worked: Callable[[Sequence[Any]], Scalar]
    """What the aggregate makes of what it takes."""
    of_each: Remembered
    """What it takes of an event; None where it does not look at it."""
    types: frozenset[str] | None
    """Types of the events that it looks at; None where they may be any."""
    number: int
    """Place among those of a declaration."""


class Column(NamedTuple):
    """A column of a window."""

    name: str
    parts: Sequence[Taking]
    """One, or the two of a ratio."""
    cap: float | None
    """The largest value of a further column; None without it."""

    @property
    def capped(self) -> str:
        """Name of the further column."""
        return f"{self.name}.capped"


def takings(measures: Sequence[Measure]) -> dict[Measure, Taking]:
    """Different measures, ready to be asked about lists."""
    return {
        one: Taking(one.aggregate, AGGREGATES[one.aggregate], _taken(one), types_of(one), place)
        for place, one in enumerate(dict.fromkeys(measures))
    }


def columns_of(
    declared: Declaration, name: str, window: Window, taking: Mapping[Measure, Taking]
) -> Iterator[Column]:
    """The columns of a window."""
    for one in declared.fields_of(window):
        parts = [taking[measure] for _, measure in declared.measures(one)]
        yield Column(f"{name}.{one}", parts, window.cap.get(one))


def types_of(measure: Measure) -> frozenset[str] | None:
    """Types of the events that a measure looks at; None where they may be any."""
    return narrowed(measure.when).get("type")


def adds_up_amounts(measure: Measure) -> bool:
    """Whether a measure adds up money, which has to be of one currency."""
    if measure.aggregate not in ("sum", "mean") or measure.value is None:
        return False
    return "amount" in formula(measure.value).names


def currency_of(measure: Measure) -> Remembered:
    """The currency of an event whose amount a measure adds up; None where it does not."""
    holds, value = _looked_at(measure), formula(measure.value or "")

    def currency(get: Get) -> Scalar:
        is_added = holds(get) and number(value.of_event(get)) is not None
        return get("currency") if is_added else None

    return Remembered(sorted(measure.names | {"currency"}), currency)


def _looked_at(measure: Measure) -> Callable[[Get], bool]:
    """Whether a measure looks at an event."""
    condition = measure.condition
    if condition is None:
        return lambda get: True
    return lambda get: true(condition.of_event(get)) is True


def _taken(measure: Measure) -> Remembered:
    """What a measure takes of an event; None where it does not look at it."""
    aggregate, holds = measure.aggregate, _looked_at(measure)
    value = None if measure.value is None else formula(measure.value)

    def taken(get: Get) -> Any:
        if not holds(get):
            return None
        return True if value is None else usable(aggregate, value.of_event(get))

    return Remembered(sorted(measure.names), taken)
