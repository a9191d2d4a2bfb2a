"""Tables of facts: customers, and what they did.

Ids are texts of the source that they come from, and unique within it alone: two shops both have
a customer 1. An event may come before its customer does, and nothing makes it wait.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.store.base import Base, UtcDateTime

MAX_SOURCE: Final = 100
MAX_ID: Final = 200
MAX_TYPE: Final = 100
CURRENCY_LENGTH: Final = 3


class Customer(Base):
    """A customer; what is sent of the same one later is added to what was known."""

    __tablename__ = "customers"

    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    id: Mapped[str] = mapped_column(String(MAX_ID), primary_key=True)
    created: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Time of joining; NULL where it is not known."""
    attributes: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Event(Base):
    """An event: something that happened, which never changes."""

    __tablename__ = "events"
    # Every index is kept up for every event; decision 0019 tells their prices.
    __table_args__ = (
        Index("ix_events_customer_source", "customer", "source"),
        Index(
            "ix_events_session_source",
            "session",
            "source",
            postgresql_where=text("session IS NOT NULL"),
            sqlite_where=text("session IS NOT NULL"),
        ),
        Index(
            "ix_events_time",
            "time",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
    )

    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    id: Mapped[str] = mapped_column(String(MAX_ID), primary_key=True)
    customer: Mapped[str | None] = mapped_column(String(MAX_ID))
    """Id of the customer in the same source; NULL where nobody knows who it was."""
    session: Mapped[str | None] = mapped_column(String(MAX_ID))
    type: Mapped[str] = mapped_column(String(MAX_TYPE))
    time: Mapped[datetime] = mapped_column(UtcDateTime)
    amount: Mapped[float | None]
    """Money that moved; NULL where none did."""
    currency: Mapped[str | None] = mapped_column(String(CURRENCY_LENGTH))
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
