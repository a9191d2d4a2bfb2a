"""Customers and events as requests hold them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, true, update

from valuebox.facts import repository
from valuebox.facts.arriving import ArrivingCustomers, ArrivingEvents
from valuebox.facts.schemas import Customer, CustomersStored, Event, EventsStored
from valuebox.facts.tables import Customer as StoredCustomer
from valuebox.facts.tables import Event as StoredEvent
from valuebox.store.engine import Store

FIRST = datetime(2013, 5, 1, tzinfo=UTC)


def event(event_id: object = 1, **fields: Any) -> dict[str, Any]:
    """An event with every field; `fields` replace some, those that are None are left out."""
    number = int(event_id) if str(event_id).isdecimal() else 0
    whole = {
        "source": "shop",
        "id": str(event_id),
        "customer": f"c{number % 7}",
        "session": f"s{number % 3}",
        "type": "bought",
        "time": (FIRST + timedelta(minutes=number)).isoformat(),
        "amount": 9.5,
        "currency": "USD",
        "properties": {"category": "thai", "meal": 7},
    }
    return {name: value for name, value in (whole | fields).items() if value is not None}


def customer(customer_id: object = 1, **fields: Any) -> dict[str, Any]:
    """A customer with every field; `fields` replace some, those that are None are left out."""
    whole = {
        "source": "shop",
        "id": str(customer_id),
        "created": FIRST.isoformat(),
        "attributes": {"campaign": "TW"},
    }
    return {name: value for name, value in (whole | fields).items() if value is not None}


def put_events(store: Store, *events: dict[str, Any]) -> EventsStored:
    """Store events as the endpoint does."""
    columns = ArrivingEvents.of([Event.model_validate(one) for one in events])
    with store.writing() as session:
        return repository.put_events(session, columns)


def put_customers(store: Store, *customers: dict[str, Any]) -> CustomersStored:
    """Store customers as the endpoint does."""
    columns = ArrivingCustomers.of([Customer.model_validate(one) for one in customers])
    with store.writing() as session:
        return repository.put_customers(session, columns)


def stored_events(store: Store) -> dict[str, StoredEvent]:
    """By id."""
    with store.reading() as session:
        return {one.id: one for one in session.scalars(select(StoredEvent))}


def stored_customers(store: Store) -> dict[str, StoredCustomer]:
    """By id."""
    with store.reading() as session:
        return {one.id: one for one in session.scalars(select(StoredCustomer))}


def age_facts(store: Store, age: timedelta, *ids: str) -> None:
    """Let events and customers, of these ids or all of them, have come that long ago."""
    when = datetime.now(UTC) - age
    with store.writing() as session:
        for table, moments in (
            (StoredEvent, {"received_at": when}),
            (StoredCustomer, {"received_at": when, "changed_at": when}),
        ):
            chosen = table.id.in_(ids) if ids else true()
            session.execute(update(table).where(chosen).values(moments))
