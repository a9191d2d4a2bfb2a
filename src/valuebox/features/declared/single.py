"""Features of one question, over lists: for a few events that takes less than arrays would.

Every feature is the same, to the last bit, as in a table (`table`). What single values mean is said
in one place for both (`scalars`, `worth`), and so is how a block so far is told (`told`).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from valuebox.features.declared.declaration import OWN, Declaration
from valuebox.features.declared.expressions import formula
from valuebox.features.declared.figures import ZERO_OF_NOTHING
from valuebox.features.declared.lately import Blocks, Places, fields_of_split, splitter
from valuebox.features.declared.parts import Aggregate, Measure, Window
from valuebox.features.declared.past import Asked, Past
from valuebox.features.declared.remembered import Remembered
from valuebox.features.declared.running import aggregated, usable
from valuebox.features.declared.scalars import Scalar, number, true
from valuebox.features.declared.working import check_currencies
from valuebox.features.declared.worth import Get

_MOST_PLANS: Final = 64
"""Declarations whose plans are kept."""
_plans: dict[str, "Plan"] = {}


class Taking(NamedTuple):
    """A measure, ready to be asked about lists."""

    aggregate: Aggregate
    of_each: Remembered
    """What it takes of an event; None where it does not look at it."""
    number: int
    """Place among those of a declaration."""


class Column(NamedTuple):
    """A column of a window."""

    name: str
    parts: Sequence[Taking]
    """One, or the two of a ratio."""
    cap: float | None
    """The largest value of a further column; None without it."""


class Plan:
    """What answers questions by a declaration: made once, and asked again and again.

    Args:
        declared: The declaration.
    """

    def __init__(self, declared: Declaration):
        windows = [one for one in declared.window.items() if not one[1].target]
        fields = dict.fromkeys(name for _, one in windows for name in declared.fields_of(one))
        asked = [measure for name in fields for _, measure in declared.measures(name)]
        asked += declared.attribute.values()
        measures = list(dict.fromkeys([*asked, *fields_of_split(declared).values()]))
        taking = {
            one: Taking(one.aggregate, _taken(one), place) for place, one in enumerate(measures)
        }
        self.taking = taking
        self.split = None if declared.split is None else splitter(declared)
        self.currency = declared.currency
        self._attributes = {name: taking[one] for name, one in declared.attribute.items()}
        self._anchor = {f"anchor.{one}": formula(one) for one in declared.anchor.columns}
        self._windows = [
            (window, list(_columns(declared, name, window, taking))) for name, window in windows
        ]
        self._added_up = [_currency(one) for one in dict.fromkeys(asked) if _adds_up_amounts(one)]
        self.names = _names(declared, measures)
        """Everything that is read of events, sorted."""
        self.own = [one for one in self.names if one in OWN]
        """Those of these names that are columns of events."""
        self.properties = [one for one in self.names if one not in OWN]
        """Those that are properties."""

    def check_currencies(self, past: Past) -> None:
        """Refuse to add up amounts of several currencies.

        Raises:
            SeveralCurrencies: naming them.
        """
        for currency in self._added_up:
            check_currencies(frozenset(past.each(currency)) - {None})

    def answer(self, past: Past, asked: Asked) -> dict[str, Scalar]:
        """Every feature by its name, in the order of the declaration.

        Args:
            past: What happened before, within the lookback.
            asked: The moment.
        """
        work = _Work(self, past, asked)
        everything = range(len(past))
        found: dict[str, Scalar] = {
            name: work.figure(one, everything) for name, one in self._attributes.items()
        }
        for name, value in self._anchor.items():
            found[name] = value.of_event(asked.values.__getitem__)
        for window, columns in self._windows:
            places = work.places(window)
            for column in columns:
                found |= work.column(column, places, window.blocks is not None)
        return found


def plan_of(declared: Declaration) -> Plan:
    """The plan of a declaration, made when it is first asked for."""
    found = _plans.get(declared.hash)
    if found is None:
        if len(_plans) >= _MOST_PLANS:
            _plans.clear()
        found = _plans[declared.hash] = Plan(declared)
    return found


class _Work:
    """What is worked out once for all windows of a question."""

    def __init__(self, plan: Plan, past: Past, asked: Asked):
        self._plan, self._past, self._asked = plan, past, asked
        self._each: list[list[Any] | None] = [None] * len(plan.taking)

    def each(self, taking: Taking) -> list[Any]:
        """What a measure takes of each event; None for what it does not look at."""
        found = self._each[taking.number]
        if found is None:
            found = self._each[taking.number] = self._past.each(taking.of_each)
        return found

    @cached_property
    def blocks(self) -> Blocks:
        """The events in blocks.

        Raises:
            ValueError: where the declaration has no split.
        """
        if self._plan.split is None:
            raise ValueError("blocks need a split")
        taking = self._plan.taking
        return self._plan.split(self._past, self._asked, lambda one: self.each(taking[one]))

    def places(self, window: Window) -> Places:
        """The events of a window."""
        if window.blocks is not None:
            return self.blocks.last(-window.blocks)
        first = bisect_left(self._past.time, self._asked.time - window.length)
        within = range(first, len(self._past))
        if window.own:
            return within
        own = frozenset(self.blocks.own())
        return [place for place in within if place not in own]

    def figure(self, taking: Taking, places: Places) -> Scalar:
        """A measure of some events."""
        each = self.each(taking)
        some = (
            each[places.start : places.stop]
            if isinstance(places, range)
            else [each[place] for place in places]
        )
        return aggregated(taking.aggregate, [one for one in some if one is not None])

    def column(self, column: Column, places: Places, of_blocks: bool) -> dict[str, Scalar]:
        """A column of a window, and the one that is cut."""
        parts = [
            None
            if of_blocks and not places and one.aggregate in ZERO_OF_NOTHING
            else self.figure(one, places)
            for one in column.parts
        ]
        found = parts[0] if len(parts) == 1 else _ratio(*map(number, parts))
        if column.cap is None:
            return {column.name: found}
        whole = number(found)
        capped = None if whole is None else min(whole, column.cap)
        return {column.name: found, f"{column.name}.capped": capped}


def _ratio(one: float | None, other: float | None) -> float | None:
    if one is None or not other:
        return None
    return number(one / other)


def _names(declared: Declaration, measures: Sequence[Measure]) -> list[str]:
    """Everything that features read of events, sorted."""
    found = set(declared.read_of_anchors).union(*(one.names for one in measures))
    if any(map(_adds_up_amounts, measures)) or (declared.currency and "amount" in found):
        found.add("currency")
    return sorted(found)


def _columns(
    declared: Declaration, name: str, window: Window, taking: Mapping[Measure, "Taking"]
) -> Iterator[Column]:
    for one in declared.fields_of(window):
        parts = [taking[measure] for _, measure in declared.measures(one)]
        yield Column(f"{name}.{one}", parts, window.cap.get(one))


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


def _adds_up_amounts(measure: Measure) -> bool:
    if measure.aggregate not in ("sum", "mean") or measure.value is None:
        return False
    return "amount" in formula(measure.value).names


def _currency(measure: Measure) -> Remembered:
    """The currency of an event whose amount is added up; None where it is not."""
    holds, value = _looked_at(measure), formula(measure.value or "")

    def currency(get: Get) -> Scalar:
        is_added = holds(get) and number(value.of_event(get)) is not None
        return get("currency") if is_added else None

    return Remembered(sorted(measure.names | {"currency"}), currency)
