"""Facts of a source that do not fit together, such as events of customers who are not known."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from valuebox.facts.tables import Customer, Event

_SHOWN: Final = 5


@dataclass(frozen=True)
class Events:
    """How many events there are, and the ids of a few."""

    count: int
    first: list[str]
    """Ids of the first few events."""


class LooseEnds(NamedTuple):
    """Stored events that should be looked at."""

    hanging: Events
    """Events of customers of whom nothing has been told."""
    early: Events
    """Events from before their customer came."""


def loose_ends(session: Session, source: str) -> LooseEnds:
    """Look for loose ends among everything that a source has told."""
    theirs = and_(Customer.source == Event.source, Customer.id == Event.customer)
    return LooseEnds(
        _events(session, source, Event.customer.is_not(None), ~exists().where(theirs)),
        _events(session, source, exists().where(theirs, Customer.created > Event.time)),
    )


def _events(session: Session, source: str, *conditions: ColumnElement[bool]) -> Events:
    where: tuple[Any, ...] = (Event.source == source, *conditions)
    count = session.scalar(select(func.count()).select_from(Event).where(*where)) or 0
    first = select(Event.id).where(*where).order_by(Event.time, Event.id).limit(_SHOWN)
    return Events(count, list(session.scalars(first)) if count else [])
