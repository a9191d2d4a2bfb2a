"""Reads stored customers and events by column: millions of events within seconds."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from valuebox.errors import ValueboxError
from valuebox.facts import scanning
from valuebox.facts.labels import Labels
from valuebox.facts.scanning import (
    CUSTOMERS,
    EVENTS,
    Kind,
    Scanned,
    Wanted,
    as_json,
    moment,
    number,
    of_json,
    scan,
    scan_histories,
)
from valuebox.schemas.names import REFUND, name_of
from valuebox.store.engine import Store

Moments = NDArray[np.datetime64]

_OWN = ""
"""Stands for the currency of amounts that came without one."""


class SeveralCurrencies(ValueboxError):
    """Amounts in several currencies have no sum."""


@dataclass(frozen=True)
class Choice:
    """Which facts to read, and what of them."""

    sources: Sequence[str] | None = None
    """Sources of the customers and events; None for all."""
    since: datetime | None = None
    """Moment from which on events are read."""
    before: datetime | None = None
    """Moment before which events are read."""
    category: str = "category"
    """The property of events that is read along."""
    currency: str | None = None
    """The only currency of amounts that are read; None where there is no more than one."""
    customers: Sequence[tuple[str, str]] | None = None
    """Source and id of each customer to read; None for all of them and for events of nobody."""
    cost: str | None = None
    """The property of events that says what each cost; None where costs are not read."""
    amounts: bool = True
    """Whether amounts are read; where not, none is known, and events with a negative one are of
    the type `names.REFUND`: nothing else would tell them from purchases."""

    def of(self, source: Any) -> ColumnElement[bool]:
        """The condition on a column with sources."""
        return (
            true()
            if self.sources is None
            else or_(false(), *(source == one for one in self.sources))
        )

    def whom(self, source: Any, customer: Any) -> ColumnElement[bool]:
        """The condition on columns with sources and customers."""
        if self.customers is None:
            return self.of(source)
        ids: dict[str, list[str]] = {}
        for one, theirs in self.customers:
            ids.setdefault(one, []).append(theirs)
        # Pairs by themselves take ten times as long on SQLite, which in turn takes no condition
        # of as many sources as there may be customers.
        several = [
            (source == one) & customer.in_(them) for one, them in ids.items() if len(them) > 1
        ]
        alone = [(one, them[0]) for one, them in ids.items() if len(them) == 1]
        if alone:
            several.append(tuple_(source, customer).in_(alone))
        return or_(false(), *several)

    @property
    def is_bare(self) -> bool:
        """Whether nothing of events is read but who did what when."""
        return not self.amounts and self.cost is None

    @property
    def type(self) -> ColumnElement[str]:
        """The type of events."""
        if self.amounts:
            return EVENTS.type
        return case((EVENTS.amount < 0, literal(REFUND)), else_=EVENTS.type)

    @property
    def events(self) -> ColumnElement[bool]:
        """The condition on events."""
        bounds = [self.whom(EVENTS.source, EVENTS.customer)]
        if self.since is not None:
            bounds.append(EVENTS.time >= self.since)
        if self.before is not None:
            bounds.append(EVENTS.time < self.before)
        return and_(*bounds)


@dataclass(frozen=True)
class CustomerColumns:
    """Stored customers by column, in the order of source and id."""

    source: Labels
    id: NDArray[np.object_]
    created: Moments
    """Time of joining, `datetime64[us]` in UTC; NaT where it is not known."""
    attributes: list[dict[str, Any] | None]
    """Customers of whom the same is known share one object."""

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True)
class EventColumns:
    """Stored events by column, in no order."""

    customer: NDArray[np.int32]
    """Position among the customers; -1 where the customer is not there."""
    type: Labels
    time: Moments
    """Time of the event, `datetime64[us]` in UTC."""
    amount: NDArray[np.float64]
    """Money that moved, in one currency; NaN where none did."""
    category: Labels
    """Category of what the event was about; missing where that is not known."""
    cost: NDArray[np.float64] | None = None
    """Cost of each event, in that currency; NaN where it is not known, None where none was read."""

    def __len__(self) -> int:
        return len(self.customer)


class FactColumns(NamedTuple):
    """Customers and their events as they were read, by column."""

    customers: CustomerColumns
    events: EventColumns


def read_facts(store: Store, choice: Choice) -> FactColumns:
    """Read facts, all as they were at one moment.

    Args:
        store: Where they are.
        choice: Which ones.

    Raises:
        SeveralCurrencies: when amounts would have to be added that cannot be.
    """
    # On SQLite, which knows only the strictest level, it holds without being asked for.
    level = "REPEATABLE READ" if store.engine.dialect.name == "postgresql" else "SERIALIZABLE"
    with store.engine.execution_options(isolation_level=level).begin() as connection:
        scanning.begin(connection)
        return _read(connection, choice)


def _read(connection: Connection, choice: Choice) -> FactColumns:
    category = as_json(connection, EVENTS.properties, choice.category)
    customers, sources = _customers(connection, choice)
    keys = list(zip(sources, customers.id.tolist(), strict=True))
    if connection.dialect.name == "sqlite" and choice.customers is not None and choice.is_bare:
        scanned, kinds = scan_histories(connection, choice.events, choice.type, category, keys)
    else:
        scanned, kinds = _scan(connection, choice, category, keys)
    types = _coded(type_ for type_, _ in kinds)
    categories = _coded(_category(connection, category) for _, category in kinds)
    events = EventColumns(
        scanned.customer,
        Labels(types.codes[scanned.kind], types.names),
        scanned.time,
        scanned.amount,
        Labels(categories.codes[scanned.kind], categories.names),
        None if choice.cost is None else scanned.cost,
    )
    return FactColumns(customers, events)


def _scan(
    connection: Connection,
    choice: Choice,
    category: ColumnElement[Any],
    keys: Sequence[tuple[str, str]],
) -> tuple[Scanned, Sequence[Kind]]:
    has_money = EVENTS.amount.is_not(None) if choice.amounts else false()
    currency = case((has_money, func.coalesce(EVENTS.currency, _OWN)))
    found = connection.execute(
        select(choice.type, category, currency).where(choice.events).distinct()
    ).all()
    _check_currencies({one for *_, one in found if one is not None}, choice.currency)
    amount: ColumnElement[Any] = EVENTS.amount
    if not choice.amounts:
        amount = cast(None, Double)
    elif choice.currency is not None:
        amount = case((EVENTS.currency == choice.currency, EVENTS.amount))
    kinds = sorted({(type_, category) for type_, category, _ in found}, key=str)
    wanted = Wanted(
        choice.events,
        choice.whom(CUSTOMERS.source, CUSTOMERS.id),
        amount,
        choice.type,
        category,
        kinds,
        keys,
        None if choice.cost is None else number(connection, EVENTS.properties, choice.cost),
    )
    return scan(connection, wanted), kinds


def _customers(connection: Connection, choice: Choice) -> tuple[CustomerColumns, Sequence[str]]:
    """Customers, and the source of each."""
    query = select(
        CUSTOMERS.source,
        CUSTOMERS.id,
        moment(connection.dialect.name, CUSTOMERS.created),
        cast(CUSTOMERS.attributes, Text),
    ).where(choice.whom(CUSTOMERS.source, CUSTOMERS.id))
    rows = connection.execute(query.order_by(CUSTOMERS.source, CUSTOMERS.id)).all()
    sources, ids, created, attributes = zip(*rows, strict=True) if rows else [()] * 4
    objects = {text: None if text is None else json.loads(text) for text in set(attributes)}
    customers = CustomerColumns(
        _coded(sources),
        np.array(ids, dtype=object),
        np.array(created, dtype="datetime64[us]"),
        [objects[text] for text in attributes],
    )
    return customers, sources


def _check_currencies(found: set[str], chosen: str | None) -> None:
    if chosen is None and len(found) > 1:
        named = ", ".join(sorted(one or "no currency" for one in found))
        raise SeveralCurrencies(f"amounts come in {named}; say which currency is meant")


def _category(connection: Connection, written: str | None) -> str | None:
    """The name of a category; of lists and objects it is their JSON."""
    value = None if written is None else of_json(connection, written)
    if value is None:
        return None
    name = name_of(value)
    return json.dumps(value) if name is None else name


def _coded(texts: Iterable[str | None]) -> Labels:
    """Texts as codes."""
    named = list(texts)
    names = sorted({one for one in named if one is not None})
    code = {name: place for place, name in enumerate(names)}
    return Labels(np.array([code.get(one, -1) for one in named], dtype=np.int32), names)  # type: ignore[arg-type]
