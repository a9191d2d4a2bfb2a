"""Periods that predictions are about, of a request and a source each, and when they are judged."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Index, String, Text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from valuebox.facts.tables import MAX_SOURCE
from valuebox.schemas.names import MAX_TAG
from valuebox.store.base import Base, UtcDateTime
from valuebox.store.pruning import deleted
from valuebox.store.writing import Rows

MAX_COMPARTMENT: Final = 50


class PredictedPeriod(Base):
    """A period that a request had predictions made for, of customers of a source."""

    __tablename__ = "prediction_periods"

    compartment: Mapped[str] = mapped_column(String(MAX_COMPARTMENT), primary_key=True)
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    model: Mapped[str] = mapped_column(String(MAX_TAG))
    judged_by: Mapped[str | None] = mapped_column("told", Text)
    """What else it takes to judge the predictions, such as the property of events that holds their
    category; NULL where that is not known (any more)."""
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    predictions: Mapped[int]
    """How many predictions there were."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """`ends_at` at first; later where the source was not watched; NULL once it has been judged."""


_DUE = PredictedPeriod.due_at.is_not(None)
Index(
    "ix_prediction_periods_due",
    PredictedPeriod.compartment,
    PredictedPeriod.due_at,
    postgresql_where=_DUE,
    sqlite_where=_DUE,
)


class Settled(Base):
    """Through when late events have been looked at; a row for each compartment."""

    __tablename__ = "prediction_settled"

    compartment: Mapped[str] = mapped_column(String(MAX_COMPARTMENT), primary_key=True)
    received_through: Mapped[datetime] = mapped_column(UtcDateTime)


def period_rows(
    compartment: str,
    request_id: UUID,
    model: str,
    judged_by: str,
    bounds: tuple[datetime, datetime],
    sources: Sequence[str],
) -> Rows:
    """The periods of a request, to be written with its predictions.

    Args:
        compartment: Name of the compartment that they belong to.
        request_id: Of the request.
        model: Tag of the model that predicted.
        judged_by: See `PredictedPeriod`.
        bounds: When the period starts and ends.
        sources: Source of each prediction.
    """
    each = Counter(sources)
    starts_at, ends_at = bounds
    return Rows(
        PredictedPeriod,
        len(each),
        {
            "compartment": compartment,
            "request_id": request_id,
            "source": list(each),
            "model": model,
            "told": judged_by,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "predictions": list(each.values()),
            "due_at": ends_at,
        },
    )


def complete_periods(session: Session, compartment: str, model: str, judged_by: str) -> None:
    """Complete periods of a model that were noted before it was known how they are judged."""
    session.execute(
        update(PredictedPeriod)
        .where(
            PredictedPeriod.compartment == compartment,
            PredictedPeriod.model == model,
            PredictedPeriod.judged_by.is_(None),
        )
        .values(judged_by=judged_by, due_at=PredictedPeriod.ends_at)
        .execution_options(synchronize_session=False)
    )


def prune_periods(session: Session, compartment: str, before: UUID) -> int:
    """Delete the periods of requests whose id is smaller than that of a moment."""
    of_compartment = PredictedPeriod.compartment == compartment
    return deleted(session, PredictedPeriod, of_compartment & (PredictedPeriod.request_id < before))
