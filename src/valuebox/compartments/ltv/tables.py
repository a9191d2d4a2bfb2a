"""Tables of the lifetime-value compartment: features, predictions, outcomes.

Ids are made by the service (`store.ids`): the ids of one request increase in the order its
rows were sent, and those of a later request are greater.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.compartments.ltv.user import COLUMNS, FEATURES, KNOWN
from valuebox.schemas.names import MAX_TAG
from valuebox.store.base import Base, UtcDateTime
from valuebox.store.columns import AFTER, sent

if TYPE_CHECKING:

    class _Sent:
        """The columns of `FEATURES`, of which these are named in code."""

        stv: Mapped[float | None]
        country_segment: Mapped[str | None]

else:
    _Sent = sent(KNOWN[name] for name in COLUMNS if name in FEATURES)


class LtvFeatures(_Sent, Base):
    """What was sent of a user; a user sent again gets another row.

    A `join_date` with a zone is kept in UTC; absent and null are both NULL.
    """

    __tablename__ = "ltv_features"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int] = mapped_column(BigInteger)
    join_date: Mapped[datetime] = mapped_column(DateTime, index=True)
    extra: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), sort_order=AFTER + 1
    )

    # The newest row of a user is the one that counts, however often they were sent.
    __table_args__ = (Index(None, "user_id", "id"),)


class LtvPrediction(Base):
    """What a model said of a features row; `lower` and `upper` are NULL before revision 0002."""

    __tablename__ = "ltv_predictions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    features_id: Mapped[UUID] = mapped_column(ForeignKey(LtvFeatures.id), index=True)
    model: Mapped[str] = mapped_column(String(MAX_TAG))
    prediction: Mapped[float]
    lower: Mapped[float | None]
    upper: Mapped[float | None]
    predicted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LtvOutcome(Base):
    """What came true: the latest realised value of a user."""

    __tablename__ = "ltv_outcomes"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    target: Mapped[float]
    first_reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    summed: Mapped[float | None]
    """The value that the sums hold (`predictions.sums.folding`); NULL where they hold none."""


NOT_SUMMED = LtvOutcome.target.is_distinct_from(LtvOutcome.summed)
Index(
    "ix_ltv_outcomes_not_summed",
    LtvOutcome.user_id,
    postgresql_where=NOT_SUMMED,
    sqlite_where=NOT_SUMMED,
)
