"""Features of one question, over lists: for a few events that takes less than arrays would.

Every feature is the same, to the last bit, as in a table (`table`). What single values mean is said
in one place for both (`scalars`, `worth`), and so is how a block so far is told (`told`).
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from valuebox.features.declared.declaration import OWN, Declaration
from valuebox.features.declared.expressions import formula
from valuebox.features.declared.figures import ZERO_OF_NOTHING
from valuebox.features.declared.lately import Blocks, Places, fields_of_split, splitter
from valuebox.features.declared.narrowing import narrowed
from valuebox.features.declared.parts import Measure, Window
from valuebox.features.declared.past import Asked, Past
from valuebox.features.declared.reach import Older, Reach
from valuebox.features.declared.scalars import Scalar, number
from valuebox.features.declared.taking import (
    Column,
    Taking,
    adds_up_amounts,
    columns_of,
    currency_of,
    takings,
    types_of,
)
from valuebox.features.declared.working import check_currencies

_MOST_PLANS: Final = 64
"""Declarations whose plans are kept."""
_plans: dict[str, "Plan"] = {}


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
        measures = [*asked, *fields_of_split(declared).values()]
        self.taking = taking = takings(measures)
        self.split = None if declared.split is None else splitter(declared)
        self.currency = declared.currency
        self._attributes = {name: taking[one] for name, one in declared.attribute.items()}
        self._anchor = {f"anchor.{one}": formula(one) for one in declared.anchor.columns}
        self._windows = [
            (window, list(columns_of(declared, name, window, taking))) for name, window in windows
        ]
        added_up = [one for one in dict.fromkeys(asked) if adds_up_amounts(one)]
        self._added_up = [currency_of(one) for one in added_up]
        # Where only one currency is read, there are no others.
        are_free = [one for one in added_up if declared.currency is None and _is_free(one)]
        self._reach = Reach(
            list(self._attributes.values()), self._windows, list(map(types_of, are_free))
        )
        self.names = _names(declared, measures)
        """Everything that is read of events, sorted."""
        self.own = [one for one in self.names if one in OWN]
        """Names that are columns of events."""
        self.properties = [one for one in self.names if one not in OWN]
        """Names that are properties of events."""

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
            is_no_block = window.blocks is not None and not places
            for column in columns:
                work.add(found, column, places, is_no_block)
        return found

    def beyond(self, past: Past, asked: Asked, earliest: int) -> list[Older] | None:
        """What has to be read besides the newest events; see `Reach.beyond`.

        Args:
            past: The newest events, one at least.
            asked: The moment.
            earliest: Before which nothing is looked at, in microseconds since 1970.
        """
        work = _Work(self, past, asked)
        return self._reach.beyond(work, asked.time, past.time[0], earliest)


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
        each = self._each[taking.number] or self.each(taking)
        some = (
            each[places.start : places.stop]
            if isinstance(places, range)
            else [each[place] for place in places]
        )
        return taking.worked([one for one in some if one is not None] if None in some else some)

    def add(
        self, found: dict[str, Scalar], column: Column, places: Places, is_no_block: bool
    ) -> None:
        """Add a column of a window to what was found, and the one that is cut."""
        parts = [
            None if is_no_block and one.aggregate in ZERO_OF_NOTHING else self.figure(one, places)
            for one in column.parts
        ]
        found[column.name] = value = parts[0] if len(parts) == 1 else _ratio(*map(number, parts))
        if column.cap is not None:
            whole = number(value)
            found[column.capped] = None if whole is None else min(whole, column.cap)


def _is_free(measure: Measure) -> bool:
    """Whether a measure may meet amounts of several currencies."""
    return len(narrowed(measure.when).get("currency", ())) != 1


def _ratio(one: float | None, other: float | None) -> float | None:
    if one is None or not other:
        return None
    return number(one / other)


def _names(declared: Declaration, measures: Sequence[Measure]) -> list[str]:
    """Everything that features read of events, sorted."""
    found = set(declared.read_of_anchors).union(*(one.names for one in measures))
    if any(map(adds_up_amounts, measures)) or (declared.currency and "amount" in found):
        found.add("currency")
    return sorted(found)
