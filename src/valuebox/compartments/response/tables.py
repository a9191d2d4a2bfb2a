"""What response models said of customers, what they knew of them, and what came true."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.compartments.customers.tables import CustomerOutcome
from valuebox.facts.tables import MAX_ID, MAX_SOURCE, MAX_TYPE
from valuebox.schemas.names import MAX_TAG
from valuebox.store.base import Base, UtcDateTime


class ResponsePrediction(Base):
    """How likely a customer is to respond within a period.

    Ids are made by the service (`store.ids`): those of a request increase by customer as they were
    sent, then by response and category.
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


class ResponseFeatures(Base):
    """What was known of a customer when their responses were predicted; see `known.known_of`.

    Predictions that were stored before revision 0010 have none.
    """

    __tablename__ = "response_features"

    id: Mapped[UUID] = mapped_column(
        ForeignKey(ResponsePrediction.id, ondelete="CASCADE"), primary_key=True
    )
    """Id of the first of the customer's predictions of the request."""
    known: Mapped[dict[str, Any]] = mapped_column(JSON)


class ResponseOutcome(CustomerOutcome):
    """Whether a customer has responded as predicted, from the events of the period."""

    __tablename__ = "response_outcomes"
    predictions: ClassVar = ResponsePrediction
