"""Bases of the tables of a compartment: what is predicted of customers, and what came true."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from valuebox.facts.tables import MAX_ID, MAX_SOURCE
from valuebox.schemas.names import MAX_TAG
from valuebox.store.base import Base, UtcDateTime


class CustomerPrediction(Base):
    """Base of a table with probabilities, each of a customer and a period.

    Ids are made by the service (`store.ids`): those of a request increase in the order sent.
    """

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))
    customer: Mapped[str] = mapped_column(String(MAX_ID))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moment of the prediction: what happened before was known."""
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moment before which what is predicted has to happen."""
    prediction: Mapped[float]
    known: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the model looked at: numbers, by the name of the feature."""
    model: Mapped[str] = mapped_column(String(MAX_TAG))
    predicted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (Index(None, "source", "customer", "id"),)


class CustomerOutcome(Base):
    """Base of a table with what came true of predictions, from the events of their period."""

    __abstract__ = True

    predictions: ClassVar[type[Any]]
    """The table of the predictions."""

    @declared_attr
    @classmethod
    def id(cls) -> Mapped[UUID]:
        """Id of the prediction."""
        key = ForeignKey(cls.predictions.id, ondelete="CASCADE")
        return mapped_column(key, primary_key=True)

    target: Mapped[float]
    """1 where it has happened, 0 where it has not."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    summed: Mapped[float | None]
    """The value that the sums hold; NULL where they hold none."""

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            Index(
                f"ix_{cls.__tablename__}_not_summed",
                "id",
                postgresql_where=text("target IS DISTINCT FROM summed"),
                sqlite_where=text("target IS NOT summed"),
            ),
        )
