"""Tables of sums: by day of arrival or of joining, by model, by segment.

Days of arrival are in UTC, days of joining on the site's own clock. A user without a segment
belongs to `names.MISSING_SEGMENT`.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.compartments.ltv.schemas import MAX_TEXT
from valuebox.compartments.ltv.tables import MAX_TAG, LtvFeatures
from valuebox.store.base import Base, UtcDateTime

MAX_FEATURE: Final = 50


class LtvModelRecord(Base):
    """A model that was served, with what its predictions are summed up and judged by."""

    __tablename__ = "ltv_models"

    model: Mapped[str] = mapped_column(String(MAX_TAG), primary_key=True)
    trained_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reference: Mapped[dict[str, Any] | None] = mapped_column(JSON, nullable=False)
    """A `bins.Reference`."""
    uncertainty: Mapped[dict[str, Any]] = mapped_column(JSON)
    """An `uncertainty.Uncertainty`."""


class LtvFolded(Base):
    """How far the sums reach; its single row is locked by whoever adds to them."""

    __tablename__ = "ltv_folded"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    through: Mapped[UUID]
    """The last features row that the sums hold; all with smaller ids are in them too, but for
    those of `LtvPassedOver`."""
    folded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LtvPassedOver(Base):
    """A features row whose id tells another time than the database's clock, or a summed one.

    Sums that follow the ids could pass over such a row, or reach it late: it is added by itself.
    """

    __tablename__ = "ltv_passed_over"

    id: Mapped[UUID] = mapped_column(
        ForeignKey(LtvFeatures.id, ondelete="CASCADE"), primary_key=True
    )
    is_summed: Mapped[bool]
    """Whether the row has been added; it is remembered until `LtvFolded.through` has passed it."""


class _Cell:
    day: Mapped[date] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(MAX_TAG), primary_key=True)
    segment: Mapped[str] = mapped_column(String(MAX_TEXT), primary_key=True)


class LtvArrivals(_Cell, Base):
    """Rows by the day that they came."""

    __tablename__ = "ltv_arrivals"

    rows: Mapped[int] = mapped_column(BigInteger)
    prediction: Mapped[float]
    """Sum of the predictions."""
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LtvPredictionBins(_Cell, Base):
    """Rows by the day that their user joined and by `bins.prediction_codes`."""

    __tablename__ = "ltv_prediction_bins"

    bin: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)


class LtvFeatureBins(Base):
    """Rows by the day that their user joined and by the model's bins of every feature."""

    __tablename__ = "ltv_feature_bins"

    day: Mapped[date] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(MAX_TAG), primary_key=True)
    feature: Mapped[str] = mapped_column(String(MAX_FEATURE), primary_key=True)
    bin: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)


class LtvCohorts(_Cell, Base):
    """Users by the day that they joined: of each the newest prediction of each model.

    Sums over these users, and the same over those whose outcome is known. `later` is what is
    predicted to come after the first 4 days, `future` what of it may move (`Uncertainty`).
    """

    __tablename__ = "ltv_cohorts"

    users: Mapped[int] = mapped_column(BigInteger)
    prediction: Mapped[float]
    later: Mapped[float]
    future: Mapped[float]
    known_users: Mapped[int] = mapped_column(BigInteger)
    known_prediction: Mapped[float]
    known_later: Mapped[float]
    known_future: Mapped[float]
    known_actual: Mapped[float]
    known_squares: Mapped[float]
    """Sum of the squares of actual - predicted."""


class LtvCohortScatter(_Cell, Base):
    """The users of a cohort by their bin of `uncertainty.Scatter`, which intervals need.

    Users without `STV`, who have bins of their own, have `-1 - bin`.
    """

    __tablename__ = "ltv_cohort_scatter"

    bin: Mapped[int] = mapped_column(primary_key=True)
    users: Mapped[int] = mapped_column(BigInteger)
    known_users: Mapped[int] = mapped_column(BigInteger)


class LtvMonitorResult(Base):
    """What `valuebox monitor` found, once per run."""

    __tablename__ = "ltv_monitor_results"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    crossed: Mapped[bool]
    """Whether a threshold was crossed."""
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    """A `monitoring.results.MonitorResult`."""
