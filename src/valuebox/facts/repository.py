"""How customers and events get into the database, each once."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Table, Text, and_, cast, exists, func, or_, select
from sqlalchemy.orm import Session

from valuebox.facts.arriving import ArrivingCustomers, ArrivingEvents
from valuebox.facts.merging import Attributes, is_same, merged, with_told, without_removed
from valuebox.facts.schemas import MAX_NAMED, CustomersStored, EventsStored
from valuebox.facts.tables import Customer, Event
from valuebox.store.clock import CLOCK
from valuebox.store.staging import POSITION, staged
from valuebox.store.upsert import columns_of_new, insert_missing, insert_new, upsert
from valuebox.store.writing import COPY_FROM, Rows, table_of

_EVENTS: Final = table_of(Event)
_CUSTOMERS: Final = table_of(Customer)
_KEY: Final = ("source", "id")
_TOLD_OF_CUSTOMERS: Final = ("created", "attributes")
_LOOKED_AT: Final = 30
_TOLD_OF_EVENTS: Final = ("customer", "session", "type", "time", "amount", "currency")


class Put(NamedTuple):
    """How many events were added, unchanged, doubled or differing."""

    added: int
    doubled: list[int]
    """Positions of events that came before among those sent, just so."""
    differing: list[int]
    """Positions of events that differ from what is stored by their keys."""


def put_events(session: Session, events: ArrivingEvents) -> EventsStored:
    """Store events by source and id, and tell what has become of them, as answers do.

    Args:
        session: Of the transaction that stores them.
        events: In any order. Where two have the same key, the first one counts.
    """
    added, doubled, differing = add_events(session, events)
    return EventsStored(
        received=len(events),
        added=added,
        unchanged=len(events) - added - len(doubled) - len(differing),
        doubled=len(doubled),
        doubled_rows=doubled[:MAX_NAMED],
        differing=len(differing),
        differing_rows=differing[:MAX_NAMED],
    )


def add_events(session: Session, events: ArrivingEvents) -> Put:
    """Store events by source and id; one that is known stays as it is.

    Args:
        session: Of the transaction that stores them.
        events: In any order. Where two have the same key, the first one counts.
    """
    # One order for everybody, so that two requests with the same rows cannot deadlock.
    in_order, order = events.ordered()
    columns = vars(in_order) | {"received_at": CLOCK.moment()}
    rows = Rows(Event, len(events), columns)
    added = 0 if events.doubled or _some_known(session, in_order) else insert_new(session, rows)
    if added == len(events):
        return Put(added, [], [])
    with staged(session, rows) as new:
        query = select(*(new.c[name] for name in columns)).order_by(new.c[POSITION])
        # A condition tells SQLite that what follows it is no join.
        added += insert_missing(session, Event, query.where(new.c[POSITION] >= 0))
        differing = _differing(session, new)
        doubled = _doubled(session, new, set(differing))
    doubled, differing = (sorted(order[row] for row in some) for some in (doubled, differing))
    return Put(added, doubled, differing)


def _some_known(session: Session, events: ArrivingEvents) -> bool:
    """Whether some of a few of the events are stored: what is sent again is so mostly as a whole.

    Finding that out from the database's refusal would cost more, and would be logged there.
    """
    some = range(0, len(events), -(-len(events) // _LOOKED_AT))
    source = events.source[0]
    ids = [events.id[row] for row in some if events.source[row] == source]
    query = select(exists().where(_EVENTS.c.source == source, _EVENTS.c.id.in_(ids)))
    return len(events) >= COPY_FROM and bool(session.scalar(query))


def _doubled(session: Session, new: Table, differing: Container[int]) -> list[int]:
    """Positions of new events that came before among them, just so."""
    several = (
        select(*_key(new), func.min(new.c[POSITION]).label("first"))
        .group_by(*_key(new))
        .having(func.count() > 1)
        .subquery()
    )
    query = select(several.c.first, new.c[POSITION]).join(several, _same(several, new))
    seen: set[int] = set()
    doubled = []
    for first, row in session.execute(query.order_by(new.c[POSITION])):
        # Those that do not differ from what is stored are the same.
        if row not in differing:
            if first in seen:
                doubled.append(row)
            seen.add(first)
    return doubled


def _differing(session: Session, new: Table) -> list[int]:
    """Positions of new events that differ from what is stored by their keys."""
    properties = _EVENTS.c.properties, new.c.properties
    changed = or_(
        *(_EVENTS.c[name].is_distinct_from(new.c[name]) for name in _TOLD_OF_EVENTS)
    ).label("changed")
    query = (
        select(new.c[POSITION], changed, *properties)
        .join(_EVENTS, _same(_EVENTS, new))
        .where(or_(changed, cast(properties[0], Text).is_distinct_from(cast(properties[1], Text))))
        .order_by(new.c[POSITION])
    )
    # Two texts may be the same object, with its names in another order.
    return [
        row for row, changed, *objects in session.execute(query) if changed or not is_same(*objects)
    ]


def put_customers(session: Session, customers: ArrivingCustomers) -> CustomersStored:
    """Store customers by source and id; what is told anew is added to what was known.

    An attribute that is told replaces the one of its name, or removes it where it is None; the
    others stay, and so does `created` where it is not told.

    Args:
        session: Of the transaction that stores them.
        customers: Where several have the same key, they are told of one after the other.
    """
    now = CLOCK.moment()
    told, doubled = merged(customers)
    columns = vars(told) | {"received_at": now, "changed_at": now}
    columns["attributes"] = [without_removed(one) for one in told.attributes]
    with staged(session, Rows(Customer, len(told), columns)) as new:
        # One order for everybody, so that two requests with the same rows cannot deadlock.
        in_order = select(*(new.c[name] for name in columns)).order_by(*_key(new))
        # A condition tells SQLite that what follows it is no join.
        added = insert_missing(session, Customer, in_order.where(new.c[POSITION] >= 0))
        changed = [] if added == len(told) else _changed(session, new, told.attributes)
    if changed:
        _replace(session, changed, now)
    return CustomersStored(
        received=len(customers),
        added=added,
        corrected=len(changed),
        unchanged=len(told) - added - len(changed),
        doubled=len(doubled),
        doubled_rows=doubled[:MAX_NAMED],
    )


_Known = tuple[str, str, datetime | None, Attributes]
"""A customer: source, id, created, attributes."""


def _changed(session: Session, new: Table, told: Sequence[Attributes]) -> list[_Known]:
    """Customers of whom something else is told than is known, as they are from now on.

    They are locked, so that of two transactions neither undoes what the other has stored.
    """
    created = func.coalesce(new.c.created, _CUSTOMERS.c.created)
    texts = [cast(one.c.attributes, Text) for one in (new, _CUSTOMERS)]
    differs = and_(new.c.attributes.is_not(None), texts[0].is_distinct_from(texts[1]))
    query = (
        select(
            new.c[POSITION],
            new.c.source,
            new.c.id,
            created,
            _CUSTOMERS.c.created,
            _CUSTOMERS.c.attributes,
        )
        .join(_CUSTOMERS, _same(_CUSTOMERS, new))
        .where(or_(created.is_distinct_from(_CUSTOMERS.c.created), differs))
        .order_by(*_key(new))
        .with_for_update(of=_CUSTOMERS)
    )
    changed = []
    for row, source, customer, since, before, known in session.execute(query):
        now_known = with_told(known, told[row])
        if since != before or not is_same(now_known, known):
            changed.append((source, customer, since, now_known))
    return changed


def _replace(session: Session, customers: Sequence[_Known], now: datetime) -> None:
    names = (*_KEY, *_TOLD_OF_CUSTOMERS)
    columns: dict[str, Any] = {"received_at": now, "changed_at": now}
    columns |= {name: [one[at] for one in customers] for at, name in enumerate(names)}
    with staged(session, Rows(Customer, len(customers), columns)) as new:
        in_order = select(*(new.c[name] for name in columns)).order_by(*_key(new))
        replaced = columns_of_new(*_TOLD_OF_CUSTOMERS, "changed_at")
        upsert(session, Customer, in_order.where(new.c[POSITION] >= 0), replaced)


def _key(table: FromClause) -> list[ColumnElement[Any]]:
    return [table.c[name] for name in _KEY]


def _same(table: FromClause, new: FromClause) -> ColumnElement[bool]:
    return (table.c.source == new.c.source) & (table.c.id == new.c.id)
