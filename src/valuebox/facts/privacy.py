"""What is stored of single customers: handed out, or deleted."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from valuebox.facts.tables import Customer, Event
from valuebox.store.people import chunks, records
from valuebox.store.pruning import deleted


class Forgotten(NamedTuple):
    """How many rows were deleted."""

    customers: int
    events: int


def forget_customers(session: Session, source: str, ids: Sequence[str]) -> Forgotten:
    """Delete every row of some customers of a source: what is known of them, what they did.

    Of visitors whom nobody knows a session is all there is: its id stands for them.
    """
    customers = events = 0
    for chunk in chunks(ids):
        customers += deleted(session, Customer, _customers(source, chunk))
        events += deleted(session, Event, _events(source, chunk))
    return Forgotten(customers, events)


def records_of_customers(
    session: Session, source: str, ids: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Every row of some customers of a source as plain values.

    Yields:
        `{"table": name, ...columns}`, for one row after the other.
    """
    for chunk in chunks(ids):
        yield from records(session, Customer, _customers(source, chunk), Customer.id)
        yield from records(session, Event, _events(source, chunk), Event.time)


def sources_of(session: Session, ids: Sequence[str]) -> list[str]:
    """Sources that know customers with one of these ids."""
    found: set[str] = set()
    for chunk in chunks(ids):
        found |= set(session.scalars(select(Customer.source).where(Customer.id.in_(chunk))))
    return sorted(found)


def _customers(source: str, ids: Sequence[str]) -> ColumnElement[bool]:
    return (Customer.source == source) & Customer.id.in_(ids)


def _events(source: str, ids: Sequence[str]) -> ColumnElement[bool]:
    nobodys = Event.customer.is_(None) & Event.session.in_(ids)
    return (Event.source == source) & (Event.customer.in_(ids) | nobodys)
