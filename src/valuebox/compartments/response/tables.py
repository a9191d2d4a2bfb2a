"""What response models said of customers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.facts.tables import MAX_ID, MAX_SOURCE, MAX_TYPE
from valuebox.store.base import Base, UtcDateTime

MAX_TAG = 255


class ResponsePrediction(Base):
    """How likely a customer is to respond within a period.

    Ids are made by the service (`store.ids`): those of a request increase by customer as they were
    sent, then by response and category. Outcomes are the events themselves.
    """

    __tablename__ = "response_predictions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))
    customer: Mapped[str] = mapped_column(String(MAX_ID))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moment of the prediction: what happened before was known."""
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moment before which responses count."""
    response: Mapped[str] = mapped_column(String(MAX_TYPE))
    category: Mapped[str | None] = mapped_column(Text)
    """The category; NULL for a response in any category, or in none."""
    probability: Mapped[float]
    model: Mapped[str] = mapped_column(String(MAX_TAG))
    predicted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "source", "customer", "id"),)
