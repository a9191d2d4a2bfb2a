"""The tables of the dashboard: what each holds, on the page and as CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from valuebox.dashboard import reading
from valuebox.dashboard.reading import Frame

Kind = Literal["text", "count", "figure", "index", "percent", "moment"]

# A spreadsheet would take a text that begins with one of these for something to work out.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Column:
    """A column: what programs call it, what people do, and where its values come from."""

    name: str
    label: str
    kind: Kind
    of: Callable[[Any], Any]


@dataclass(frozen=True)
class Panel:
    """One thing that is shown."""

    name: str
    read: Callable[[Session, Frame], Sequence[Any]]
    columns: Sequence[Column]
    is_live: bool = False
    """Whether it shows more than the sums, and may change while these do not."""

    def rows(self, found: Sequence[Any]) -> list[list[tuple[Kind, Any]]]:
        """The cells of the table."""
        return [[(column.kind, column.of(one)) for column in self.columns] for one in found]

    def csv(self, found: Sequence[Any]) -> str:
        """The table for programs: RFC 4180, moments in UTC, nothing for what is not known."""
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerow([column.name for column in self.columns])
        for cells in self.rows(found):
            writer.writerow([_plain(value) for _, value in cells])
        return written.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _column(name: str, label: str, kind: Kind, attribute: str | None = None) -> Column:
    attribute = attribute or name
    return Column(name, label, kind, lambda one: getattr(one, attribute))


def error_of(cohort: Any) -> float | None:
    """How far the mean was off: actual - predicted."""
    return None if cohort.actual is None else cohort.actual - cohort.predicted


def is_inside(cohort: Any) -> bool | None:
    """Whether the interval holds what came true; None while one of them is not known."""
    if cohort.actual is None or cohort.lower is None:
        return None
    return bool(cohort.lower <= cohort.actual <= cohort.upper)


_COHORTS: Final = (
    _column("segment", "Segment", "text"),
    _column("period", "Joined", "text"),
    _column("users", "Users", "count"),
    _column("known_users", "with outcome", "count"),
    _column("predicted", "Predicted", "figure"),
    _column("lower", "from", "figure"),
    _column("upper", "to", "figure"),
    _column("actual", "Actual", "figure"),
    Column("error", "Error", "figure", error_of),
    _column("floor", "Chance", "figure"),
)
COHORTS: Final = Panel("cohorts", reading.cohorts, _COHORTS)
COMPARED: Final = Panel("segments", reading.compared, _COHORTS)
WORST: Final = Panel("worst", reading.worst, _COHORTS)
DRIFT: Final = Panel(
    "drift",
    reading.drifts,
    (
        _column("feature", "Feature", "text"),
        _column("period", "Joined", "text"),
        _column("psi", "PSI", "index"),
        _column("noise", "Chance", "index"),
        _column("rows", "Rows", "count"),
        _column("missing", "Missing", "percent"),
        _column("missing_expected", "in training", "percent"),
        _column("unseen", "Unseen", "percent"),
        _column("unseen_expected", "in training", "percent"),
    ),
)
PREDICTIONS: Final = Panel(
    "predictions",
    reading.predictions,
    (
        _column("lower", "From", "figure"),
        _column("upper", "to below", "figure"),
        _column("rows", "Rows", "count"),
        _column("expected", "In training", "percent"),
    ),
)
ARRIVALS: Final = Panel(
    "arrivals",
    reading.arrivals,
    (
        _column("day", "Day (UTC)", "text"),
        _column("model", "Model", "text"),
        _column("rows", "Rows", "count"),
        _column("prediction", "Mean prediction", "figure"),
    ),
)
MODELS: Final = Panel(
    "models",
    reading.models,
    (
        _column("model", "Model", "text"),
        _column("trained_at", "Trained (UTC)", "moment"),
        _column("first_at", "First row", "moment"),
        _column("last_at", "Last row", "moment"),
        _column("rows", "Rows", "count"),
    ),
)
REQUESTS: Final = Panel(
    "requests",
    reading.requests,
    (
        _column("received_at", "Received (UTC)", "moment"),
        _column("rows", "Rows", "count"),
        _column("model", "Model", "text"),
        _column("request_id", "Request", "text"),
    ),
    is_live=True,
)
PANELS: Final[Mapping[str, Panel]] = {
    panel.name: panel
    for panel in (
        *(COHORTS, COMPARED, WORST, DRIFT),
        *(PREDICTIONS, ARRIVALS, MODELS, REQUESTS),
    )
}
