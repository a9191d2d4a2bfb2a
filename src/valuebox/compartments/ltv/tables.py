"""Tables of the lifetime-value compartment: features, predictions, outcomes.

Ids are made by the service (`store.ids`). A request and its rows share a block of ids: it
begins with that of the request, and the rows follow in the order sent. What was predicted of a row
has the id of the row. No key and no index says so in the database, where each would have to be
kept up for every row: `valuebox db check` looks for rows that lack the other.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, Index, String
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
    request_id: Mapped[UUID]
    """Id of the request. Before revision 0012 it began no block of the ids of its rows."""
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int] = mapped_column(BigInteger)
    join_date: Mapped[datetime] = mapped_column(DateTime)
    extra: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), sort_order=AFTER + 1
    )

    __table_args__ = (
        # The newest row of a user is the one that counts, however often they were sent.
        Index(None, "user_id", "id"),
        # Users join shortly before they are asked about: it is enough to know which pages to read.
        Index(None, "join_date", postgresql_using="brin"),
    )


class LtvPrediction(Base):
    """What a model said of a features row; `lower` and `upper` are NULL before revision 0002."""

    __tablename__ = "ltv_predictions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Id of the features row."""
    features_id: Mapped[UUID]
    """The same id, for versions before revision 0012, which work beside later ones."""
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
