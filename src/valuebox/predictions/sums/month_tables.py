"""Tables of sums by month: what the sums by day of a month come to, once these are at rest.

The database itself notes, in `SummedMonth`, that sums by day of a month have changed, whoever
changed them; `months` makes those of the month anew.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.schemas.names import MAX_SEGMENT, MAX_TAG
from valuebox.store.base import Base, UtcDateTime


class SummedMonth(Base):
    """A month of which a ledger has sums by day."""

    __tablename__ = "summed_months"

    ledger: Mapped[str] = mapped_column(String(MAX_SEGMENT), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    """The first day of the month."""
    is_made: Mapped[bool]
    """Whether the sums by month hold what those by day do."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When sums by day of the month last changed, by the database's clock."""


class _Month:
    month: Mapped[date] = mapped_column(primary_key=True)
    """The first day of the month."""
    model: Mapped[str] = mapped_column(String(MAX_TAG), primary_key=True)


class CohortMonths(_Month):
    """`Cohorts` by month."""

    segment: Mapped[str] = mapped_column(String(MAX_SEGMENT), primary_key=True)
    first_day: Mapped[date]
    """The first day with users."""
    last_day: Mapped[date]
    last_known: Mapped[date | None]
    """The last day with users whose outcome is known."""
    users: Mapped[int] = mapped_column(BigInteger)
    prediction: Mapped[float]
    known_users: Mapped[int] = mapped_column(BigInteger)
    known_prediction: Mapped[float]
    known_actual: Mapped[float]
    known_squares: Mapped[float]


class ScatterMonths(_Month):
    """`CohortScatter` by month."""

    segment: Mapped[str] = mapped_column(String(MAX_SEGMENT), primary_key=True)
    bin: Mapped[int] = mapped_column(primary_key=True)
    users: Mapped[int] = mapped_column(BigInteger)
    known_users: Mapped[int] = mapped_column(BigInteger)


class PredictionMonths(_Month):
    """`PredictionBins` by month."""

    segment: Mapped[str] = mapped_column(String(MAX_SEGMENT), primary_key=True)
    bin: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)


class FeatureMonths(_Month):
    """`FeatureBins` by month."""

    feature: Mapped[str]
    bin: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class MonthTables:
    """The tables of the sums by month of one compartment."""

    cohorts: type[CohortMonths]
    cohort_scatter: type[ScatterMonths]
    prediction_bins: type[PredictionMonths]
    feature_bins: type[FeatureMonths]
