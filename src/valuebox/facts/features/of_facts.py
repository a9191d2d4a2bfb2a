"""Declared features of facts that were read by column, as models of customers look at them."""

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Floats, Positions
from valuebox.features.declared.columns import Coded, ManyTexts, numbers
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events
from valuebox.features.declared.narrowing import narrowed
from valuebox.features.declared.parts import Measure
from valuebox.features.declared.table import rows_of


def declared_numbers(
    declared: Declaration, facts: FactColumns, at: np.datetime64, chosen: Positions
) -> Mapping[str, Floats]:
    """The features of a declaration, of customers at a moment.

    Facts hold neither sessions nor properties, nor when events were received: a declaration of
    customers finds the source, customer, type, time and amount of what had happened, and of events
    of the same moment any may be the last.

    Args:
        declared: Which features.
        facts: What happened; later events are not looked at.
        at: The moment, UTC.
        chosen: Positions of customers among those of the facts, each at most once.

    Returns:
        By the name of each feature, `(n_chosen,)`, NaN where it is missing or no number.
    """
    known, when = facts.events, _microseconds(facts.events.time)
    moment, nobody = int(_microseconds(at)), np.full(len(chosen), -1)
    is_read = np.array([*_are_read(declared, known.type.names), True])[known.type.codes]
    rows = np.flatnonzero((known.customer >= 0) & (when < moment) & is_read)
    customer = np.append(known.customer[rows], chosen)
    time = np.append(when[rows], np.full(len(chosen), moment))
    nothing = Coded.constant(None, len(customer))
    source = facts.customers.source
    events = Events(
        Coded(source.codes[customer], source.names),
        np.zeros(len(customer), dtype="U1"),
        Coded(customer, _Customers(facts.customers.id)),
        nothing,
        Coded(np.append(known.type.codes[rows], nobody), known.type.names),
        time,
        time,
        np.append(known.amount[rows], np.full(len(chosen), np.nan)),
        nothing,
        lambda _: nothing,
    )
    found = rows_of(declared, events, moment, np.arange(len(rows), len(customer)))
    # Rows are in the order of a table.
    order = np.argsort(found.event)
    return {name: numbers(column)[order] for name, column in found.columns.items()}


def _are_read(declared: Declaration, types: Sequence[str]) -> list[bool]:
    """Of which types of events anything is looked at."""
    fields = (one for one in declared.field.values() if isinstance(one, Measure))
    measures = [*declared.attribute.values(), *fields]
    named = [narrowed(one.when).get("type") for one in measures]
    # Any event may be where a block ends.
    if declared.split is not None or None in named:
        return [True] * len(types)
    read = frozenset().union(*(one for one in named if one is not None))
    return [one in read for one in types]


def _microseconds(moments: Any) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.asarray(moments).astype("datetime64[us]").astype(np.int64)
    return found


class _Customers(ManyTexts):
    """Ids of customers by position; a table has them in the same order."""

    def __init__(self, ids: NDArray[np.object_]):
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> Any:
        found: Any = self._ids[place]
        return found if isinstance(place, int) else list(found)

    def ranks(self) -> NDArray[np.int64]:
        """The place of each: customers are in the order of source and id."""
        return np.arange(len(self._ids))

    def may_be_numbers(self) -> bool:
        """Whether an id may be written as a number is."""
        return True
