"""How customers and events get into the database, each once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import compress
from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, Table, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from valuebox.facts.columns import CustomerColumns, EventColumns
from valuebox.facts.schemas import MAX_DIFFERING, CustomersStored, EventsStored
from valuebox.facts.tables import Customer, Event
from valuebox.store.staging import POSITION, insert_into, staged
from valuebox.store.writing import Rows, table_of

_EVENTS: Final = table_of(Event)
_CUSTOMERS: Final = table_of(Customer)
_KEY: Final = ("source", "id")
_TOLD_OF_EVENTS: Final = ("customer", "session", "type", "time", "amount", "currency")


def put_events(session: Session, events: EventColumns) -> EventsStored:
    """Store events by source and id; one that is known stays as it is.

    Args:
        session: Of the transaction that stores them.
        events: In any order. Where two have the same key, the first one counts.
    """
    columns = vars(events) | {"received_at": datetime.now(UTC)}
    with staged(session, Rows(Event, len(events), columns)) as new:
        # One order for everybody, so that two requests with the same events cannot deadlock.
        in_order = select(*(new.c[name] for name in columns)).order_by(*_key(new), new.c[POSITION])
        added = session.execute(
            insert_into(session, Event)
            # A condition tells SQLite that what follows it is no join.
            .from_select(list(columns), in_order.where(new.c[POSITION] >= 0))
            .on_conflict_do_nothing(index_elements=_KEY)
        ).rowcount  # type: ignore[attr-defined]
        differing = [] if added == len(events) else _differing(session, new)
    return EventsStored(
        received=len(events),
        added=added,
        unchanged=len(events) - added - len(differing),
        differing=len(differing),
        differing_rows=differing[:MAX_DIFFERING],
    )


def _differing(session: Session, new: Table) -> list[int]:
    """Positions of new events that are not those which are stored."""
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
        row
        for row, changed, *objects in session.execute(query)
        if changed or objects[0] != objects[1]
    ]


def put_customers(session: Session, customers: CustomerColumns) -> CustomersStored:
    """Store customers by source and id; what is told anew replaces what was known.

    What is not told stays as it was.

    Args:
        session: Of the transaction that stores them.
        customers: Where two have the same key, the last one counts.
    """
    now = datetime.now(UTC)
    customers = _last_of_each(customers)
    columns = vars(customers) | {"received_at": now, "changed_at": now}
    with staged(session, Rows(Customer, len(customers), columns)) as new:
        known = session.scalar(
            select(func.count()).select_from(new).join(_CUSTOMERS, _same(_CUSTOMERS, new))
        )
        in_order = select(*(new.c[name] for name in columns)).order_by(*_key(new))
        statement = insert_into(session, Customer).from_select(
            list(columns), in_order.where(new.c[POSITION] >= 0)
        )
        told = {
            name: func.coalesce(statement.excluded[name], _CUSTOMERS.c[name])
            for name in ("created", "attributes")
        }
        changed = session.execute(
            statement.on_conflict_do_update(
                index_elements=_KEY,
                set_={**told, "changed_at": statement.excluded.changed_at},
                where=or_(
                    *(
                        cast(value, Text).is_distinct_from(cast(_CUSTOMERS.c[name], Text))
                        for name, value in told.items()
                    )
                ),
            )
        ).rowcount  # type: ignore[attr-defined]
    added = len(customers) - (known or 0)
    return CustomersStored(
        received=len(customers),
        added=added,
        corrected=changed - added,
        unchanged=len(customers) - changed,
    )


def _last_of_each(customers: CustomerColumns) -> CustomerColumns:
    keys = list(zip(customers.source, customers.id, strict=True))
    last = {key: position for position, key in enumerate(keys)}
    if len(last) == len(keys):
        return customers
    chosen = [last[key] == position for position, key in enumerate(keys)]
    return CustomerColumns(
        **{name: _chosen(values, chosen) for name, values in vars(customers).items()}
    )


def _chosen(values: Any, chosen: Sequence[bool]) -> Any:
    return (
        values[np.array(chosen)]
        if isinstance(values, np.ndarray)
        else list(compress(values, chosen))
    )


def _key(table: Table) -> list[ColumnElement[Any]]:
    return [table.c[name] for name in _KEY]


def _same(table: Table, new: Table) -> ColumnElement[bool]:
    return (table.c.source == new.c.source) & (table.c.id == new.c.id)
