"""When facts have last come in."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.facts.tables import Customer, Event


def last_facts(session: Session) -> dict[str, datetime | None]:
    """When the newest event was received, and a customer last changed; None where there is none."""
    return {
        "event received": session.scalar(select(func.max(Event.received_at))),
        "customer changed": session.scalar(select(func.max(Customer.changed_at))),
    }
