"""Tables of sums: by day of arrival or of the cohort, by model, by segment.

Every compartment that predicts has the same ones, called after it. Days of arrival are in UTC,
days of cohorts on whatever clock the compartment's ledger names. A row without a segment belongs
to `names.MISSING_SEGMENT`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.predictions.sums.month_tables import (
    CohortMonths,
    FeatureMonths,
    MonthTables,
    PredictionMonths,
    ScatterMonths,
)
from valuebox.schemas.names import MAX_SEGMENT, MAX_TAG
from valuebox.store.base import Base, UtcDateTime

MAX_FEATURE: Final = 200


class ModelRecord:
    """A model that was served, with what its predictions are summed up and judged by."""

    model: Mapped[str] = mapped_column(String(MAX_TAG), primary_key=True)
    trained_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reference: Mapped[dict[str, Any] | None] = mapped_column(JSON, nullable=False)
    """A `bins.Reference`."""
    uncertainty: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the ledger's `Spread` needs of the model."""


class LateModel(Base):
    """A model of which the sums held rows when it was noted, added as those of an unknown one."""

    __tablename__ = "late_models"

    ledger: Mapped[str] = mapped_column(String(MAX_SEGMENT), primary_key=True)
    model: Mapped[str] = mapped_column(String(MAX_TAG), primary_key=True)
    unknown_through: Mapped[UUID]
    """The last of these rows: with greater ids rows are summed up by what was noted."""


class FoldingProgress:
    """How far the sums reach; its single row is locked by whoever adds to them."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    through: Mapped[UUID]
    """The last predicted row that the sums hold; all with smaller ids are in them too, but for
    those of `PassedOver`."""
    folded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PassedOver:
    """A predicted row whose id tells another time than the database's clock, or a summed one.

    Sums that follow the ids could pass over such a row, or reach it late: it is added by itself.
    """

    id: Mapped[UUID]
    is_summed: Mapped[bool]
    """Whether the row has been added; that is remembered until `FoldingProgress.through` has passed
    the row."""


class _Cell:
    day: Mapped[date] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(MAX_TAG), primary_key=True)
    segment: Mapped[str] = mapped_column(String(MAX_SEGMENT), primary_key=True)


class Arrivals(_Cell):
    """Rows by the day that they came."""

    rows: Mapped[int] = mapped_column(BigInteger)
    prediction: Mapped[float]
    """Sum of the predictions."""
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PredictionBins(_Cell):
    """Rows by day of the cohort and by the ledger's bins of predictions."""

    bin: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)


class FeatureBins:
    """Rows by day of the cohort and by the model's bins of every feature."""

    day: Mapped[date] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(MAX_TAG), primary_key=True)
    feature: Mapped[str]
    bin: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)


class Cohorts(_Cell):
    """What was predicted by day of the cohort: of each subject the newest row of each model.

    Sums over these rows, which are called users here, and the same over those whose outcome is
    known. What the ledger's `Spread` adds up has columns of its own, twice likewise.
    """

    users: Mapped[int] = mapped_column(BigInteger)
    prediction: Mapped[float]
    known_users: Mapped[int] = mapped_column(BigInteger)
    known_prediction: Mapped[float]
    known_actual: Mapped[float]
    known_squares: Mapped[float]
    """Sum of the squares of actual - predicted."""


class CohortScatter(_Cell):
    """The rows of a cohort by the bin of the ledger's `Spread`, which intervals need.

    Where it is calibrated there are `known_prediction` and `known_actual`, too: their sums.
    """

    bin: Mapped[int] = mapped_column(primary_key=True)
    users: Mapped[int] = mapped_column(BigInteger)
    known_users: Mapped[int] = mapped_column(BigInteger)


class MonitorRecord:
    """What `valuebox monitor` found, once per run."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    crossed: Mapped[bool]
    """Whether a threshold was crossed."""
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    """A `monitoring.results.MonitorResult`."""


class Summed(Protocol):
    """What a `Spread` has added up, as far as tables depend on it."""

    @property
    def extras(self) -> tuple[str, ...]:
        """What is added up beside the prediction."""

    @property
    def is_calibrated(self) -> bool:
        """Whether predictions and outcomes are added up by bin, too."""


@dataclass(frozen=True)
class SumTables:
    """The tables of the sums of one compartment."""

    models: type[ModelRecord]
    folded: type[FoldingProgress]
    passed_over: type[PassedOver]
    arrivals: type[Arrivals]
    prediction_bins: type[PredictionBins]
    feature_bins: type[FeatureBins]
    cohorts: type[Cohorts]
    cohort_scatter: type[CohortScatter]
    monitor_results: type[MonitorRecord]
    months: MonthTables | None = None
    """Tables of the same sums by month, where the compartment has these."""


def sum_tables(
    name: str,
    rows: type[Base],
    spread: Summed,
    longest_feature: int = MAX_FEATURE,
    has_months: bool = False,
) -> SumTables:
    """Declare the tables of sums of a compartment.

    Args:
        name: Of the compartment; tables are called `NAME_arrivals` and so on.
        rows: Table of the predicted rows, whose `id` the sums follow.
        spread: What the ledger's `Spread` adds up beside the prediction.
        longest_feature: Letters that the name of a feature has at most.
        has_months: Whether there are sums by month, too.
    """
    row_id = mapped_column(
        ForeignKey(f"{rows.__tablename__}.id", ondelete="CASCADE"), primary_key=True
    )

    def sums() -> dict[str, Any]:
        names = [column for extra in spread.extras for column in (extra, f"known_{extra}")]
        return {column: mapped_column(Double, nullable=False) for column in names}

    def calibration() -> dict[str, Any]:
        names = ("known_prediction", "known_actual") if spread.is_calibrated else ()
        return {column: mapped_column(Double, nullable=False) for column in names}

    def feature() -> Any:
        return mapped_column(String(longest_feature), primary_key=True)

    def declare(kind: type[Any], suffix: str, **columns: Any) -> type[Any]:
        called = "".join(part.capitalize() for part in f"{name}_{suffix}".split("_"))
        own = {"__tablename__": f"{name}_{suffix}", "__doc__": kind.__doc__, **columns}
        return type(called, (kind, Base), own)

    months = None
    if has_months:
        months = MonthTables(
            cohorts=declare(CohortMonths, "cohort_months", **sums()),
            cohort_scatter=declare(ScatterMonths, "scatter_months", **calibration()),
            prediction_bins=declare(PredictionMonths, "prediction_months"),
            feature_bins=declare(FeatureMonths, "feature_months", feature=feature()),
        )
    return SumTables(
        models=declare(ModelRecord, "models"),
        folded=declare(FoldingProgress, "folded"),
        passed_over=declare(PassedOver, "passed_over", id=row_id),
        arrivals=declare(Arrivals, "arrivals"),
        prediction_bins=declare(PredictionBins, "prediction_bins"),
        feature_bins=declare(FeatureBins, "feature_bins", feature=feature()),
        cohorts=declare(Cohorts, "cohorts", **sums()),
        cohort_scatter=declare(CohortScatter, "cohort_scatter", **calibration()),
        monitor_results=declare(MonitorRecord, "monitor_results"),
        months=months,
    )
