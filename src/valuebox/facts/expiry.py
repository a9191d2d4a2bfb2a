"""How facts that have been kept for long enough are found and deleted.

An event goes by when it was received, not by when it happened: history that was imported
yesterday is kept as long as anything else. A customer goes when nothing was told of them for as
long and none of their events is left.
"""

from datetime import datetime

from sqlalchemy import exists, select, tuple_
from sqlalchemy.orm import Session

from valuebox.facts.tables import Customer, Event
from valuebox.store.pruning import Pruned, deleted, next_batch


def prune_events(session: Session, before: datetime, after: datetime | None = None) -> Pruned:
    """Delete the first events that were received before a moment; whole requests at a time."""
    batch = next_batch(session, Event.received_at, before, after)
    return Pruned({"events": deleted(session, Event, batch.holds(Event.received_at))}, batch.last)


def prune_customers(session: Session, before: datetime, after: datetime | None = None) -> Pruned:
    """Delete, of the next customers by when they were told of, those without events."""
    batch = next_batch(session, Customer.changed_at, before, after)
    theirs = (Event.source == Customer.source) & (Event.customer == Customer.id)
    old = (
        select(Customer.source, Customer.id)
        .where(batch.holds(Customer.changed_at), ~exists().where(theirs))
        # Of whom somebody is telling at this moment is not old; waiting for it could deadlock.
        .with_for_update(skip_locked=True)
    )
    customers = deleted(session, Customer, tuple_(Customer.source, Customer.id).in_(old))
    return Pruned({"customers": customers}, batch.last)
