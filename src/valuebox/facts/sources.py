"""Which sources facts are from."""

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from valuebox.facts.tables import Customer, Event


def sources_of_facts(session: Session) -> set[str]:
    """Every source of customers or events, found without reading all of them."""
    return {*leading(session, Customer.source), *leading(session, Event.source)}


def leading(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    """The different values of the first column of a key, a step in its index for each."""
    found: list[str] = []
    query = select(column).order_by(column).limit(1)
    value = session.scalar(query)
    while value is not None:
        found.append(value)
        value = session.scalar(query.where(column > value))
    return found
