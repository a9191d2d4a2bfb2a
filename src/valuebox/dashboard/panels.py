"""The tables of the dashboard: what each holds, on the page and as CSV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from valuebox.dashboard import reading
from valuebox.dashboard.reading import Frame
from valuebox.pages.tables import Column, Table, column
from valuebox.predictions.sums.views import CohortMean


@dataclass(frozen=True)
class Panel(Table):
    """A table of the dashboard, and how it is read."""

    read: Callable[[Session, Frame], Sequence[Any]]
    is_live: bool = False
    """Whether the table shows more than the sums, and may change while these do not."""
    lists: Callable[[Any], bool] = lambda _: True
    """Whether something that was read is in the table, beside what is only counted."""

    def listed(self, found: Sequence[Any]) -> list[Any]:
        """What is in the table, of what was read."""
        return [one for one in found if self.lists(one)]

    def csv(self, found: Sequence[Any]) -> str:
        """The table; see `Table.csv`."""
        return super().csv(self.listed(found))


def error_of(cohort: Any) -> float | None:
    """How far the mean was off: actual - predicted."""
    return None if cohort.actual is None else cohort.actual - cohort.predicted


def _is_outside(cohort: CohortMean) -> bool:
    return cohort.is_inside is False


_COHORTS: Final = (
    column("segment", "Segment", "text"),
    column("period", "Joined", "text"),
    column("users", "Users", "count"),
    column("known_users", "with outcome", "count"),
    column("predicted", "Predicted", "figure"),
    column("lower", "from", "figure"),
    column("upper", "to", "figure"),
    column("actual", "Actual", "figure"),
    Column("error", "Error", "figure", error_of),
    column("floor", "Chance", "figure"),
)
COHORTS: Final = Panel("cohorts", _COHORTS, reading.cohorts)
COMPARED: Final = Panel("segments", _COHORTS, reading.compared)
WORST: Final = Panel(
    "worst",
    (*_COHORTS, column("beyond", "Outside by", "figure")),
    reading.judged,
    lists=_is_outside,
)
DRIFT: Final = Panel(
    "drift",
    (
        column("feature", "Feature", "text"),
        column("period", "Joined", "text"),
        column("psi", "PSI", "index"),
        column("noise", "Chance", "index"),
        column("rows", "Rows", "count"),
        column("missing", "Missing", "percent"),
        column("missing_expected", "in training", "percent"),
        column("unseen", "Unseen", "percent"),
        column("unseen_expected", "in training", "percent"),
    ),
    reading.drifts,
)
PREDICTIONS: Final = Panel(
    "predictions",
    (
        column("lower", "From", "figure"),
        column("upper", "to below", "figure"),
        column("rows", "Rows", "count"),
        column("expected", "In training", "percent"),
    ),
    reading.predictions,
)
ARRIVALS: Final = Panel(
    "arrivals",
    (
        column("day", "Day (UTC)", "text"),
        column("model", "Model", "text"),
        column("rows", "Rows", "count"),
        column("prediction", "Mean prediction", "figure"),
    ),
    reading.arrivals,
)
MODELS: Final = Panel(
    "models",
    (
        column("model", "Model", "text"),
        column("trained_at", "Trained (UTC)", "moment"),
        column("first_at", "First row", "moment"),
        column("last_at", "Last row", "moment"),
        column("rows", "Rows", "count"),
    ),
    reading.models,
)
REQUESTS: Final = Panel(
    "requests",
    (
        column("received_at", "Received (UTC)", "moment"),
        column("rows", "Rows", "count"),
        column("model", "Model", "text"),
        column("request_id", "Request", "text"),
    ),
    reading.requests,
    is_live=True,
)
PANELS: Final[dict[str, Panel]] = {
    panel.name: panel
    for panel in (
        *(COHORTS, COMPARED, WORST, DRIFT),
        *(PREDICTIONS, ARRIVALS, MODELS, REQUESTS),
    )
}
WITHHELD: Final = Panel(
    "withheld",
    (column("cohorts", "Cohorts", "count"), column("compared", "Segments", "count")),
    reading.withheld,
)
BESIDE: Final[dict[str, Panel]] = {WITHHELD.name: WITHHELD}
"""Panels that the page tells in words, beside its tables."""
