"""The tables of the dashboard: what each holds, on the page and as CSV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from valuebox.dashboard import reading
from valuebox.dashboard.reading import Frame
from valuebox.pages.tables import Column, Kind, Table, column
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.answers import CohortMean


@dataclass(frozen=True)
class Panel:
    """A table of the dashboard, and how it is read."""

    name: str
    columns: Callable[[Ledger], Sequence[Column]]
    """Function that gives the columns, as what is predicted says what they are called."""
    read: Callable[[Session, Frame], Sequence[Any]]
    is_live: bool = False
    """Whether the table shows more than the sums, and may change while these do not."""
    lists: Callable[[Any], bool] = lambda _: True
    """Whether something that was read is in the table, beside what is only counted."""
    shows: Callable[[Ledger], bool] = lambda _: True
    """Whether a ledger has the table."""

    def listed(self, found: Sequence[Any]) -> list[Any]:
        """What is in the table, of what was read."""
        return [one for one in found if self.lists(one)]

    def table(self, ledger: Ledger) -> Table:
        """The table of a ledger."""
        return Table(self.name, self.columns(ledger))


def mean_kind(ledger: Ledger) -> Kind:
    """How means of predictions and outcomes are written."""
    return "share" if ledger.is_share else "figure"


def difference_kind(ledger: Ledger) -> Kind:
    """How differences of such means are written."""
    return "points" if ledger.is_share else "figure"


def error_of(cohort: Any) -> float | None:
    """How far the mean was off: actual - predicted."""
    return None if cohort.actual is None else cohort.actual - cohort.predicted


def _is_outside(cohort: CohortMean) -> bool:
    return cohort.is_inside is False


def _cohorts(ledger: Ledger) -> tuple[Column, ...]:
    mean, difference = mean_kind(ledger), difference_kind(ledger)
    return (
        column("segment", "Segment", "text"),
        column("period", ledger.words.day, "text"),
        column("users", ledger.words.rows.capitalize(), "count"),
        column("known_users", "with outcome", "count"),
        column("predicted", "Predicted", mean),
        column("lower", "from", mean),
        column("upper", "to", mean),
        column("actual", "Actual", mean),
        Column("error", "Error", difference, error_of),
        column("floor", "Chance", difference),
    )


def _worst(ledger: Ledger) -> tuple[Column, ...]:
    return (*_cohorts(ledger), column("beyond", "Outside by", difference_kind(ledger)))


def _calibration(ledger: Ledger) -> tuple[Column, ...]:
    return (
        column("segment", "Segment", "text"),
        column("decile", "Tenth", "count"),
        column("rows", ledger.words.rows.capitalize(), "count"),
        column("predicted", "Predicted", "share"),
        column("actual", "Came true", "share"),
        column("lower", "from", "share"),
        column("upper", "to", "share"),
        Column("error", "Error", "points", error_of),
    )


def _lifts(ledger: Ledger) -> tuple[Column, ...]:
    return (
        column("segment", "Segment", "text"),
        column("period", ledger.words.day, "text"),
        column("rows", ledger.words.rows.capitalize(), "count"),
        column("responders", "Came true", "count"),
        column("lift", "Lift", "index"),
    )


def _is_calibrated(ledger: Ledger) -> bool:
    return ledger.spread.is_calibrated


def _drift(ledger: Ledger) -> tuple[Column, ...]:
    return (
        column("feature", "Feature", "text"),
        column("period", ledger.words.day, "text"),
        column("psi", "PSI", "index"),
        column("noise", "Chance", "index"),
        column("rows", "Rows", "count"),
        column("missing", "Missing", "percent"),
        column("missing_expected", "in training", "percent"),
        column("unseen", "Unseen", "percent"),
        column("unseen_expected", "in training", "percent"),
    )


def _predictions(ledger: Ledger) -> tuple[Column, ...]:
    return (
        column("lower", "From", mean_kind(ledger)),
        column("upper", "to below", mean_kind(ledger)),
        column("rows", "Rows", "count"),
        column("expected", "In training", "percent"),
    )


def _arrivals(ledger: Ledger) -> tuple[Column, ...]:
    return (
        column("day", "Day (UTC)", "text"),
        column("model", "Model", "text"),
        column("rows", "Rows", "count"),
        column("prediction", "Mean prediction", mean_kind(ledger)),
    )


def _models(_: Ledger) -> tuple[Column, ...]:
    return (
        column("model", "Model", "text"),
        column("trained_at", "Trained (UTC)", "moment"),
        column("first_at", "First row", "moment"),
        column("last_at", "Last row", "moment"),
        column("rows", "Rows", "count"),
    )


def _requests(_: Ledger) -> tuple[Column, ...]:
    return (
        column("received_at", "Received (UTC)", "moment"),
        column("rows", "Rows", "count"),
        column("model", "Model", "text"),
        column("request_id", "Request", "text"),
    )


def _withheld(_: Ledger) -> tuple[Column, ...]:
    return (column("cohorts", "Cohorts", "count"), column("compared", "Segments", "count"))


WORST: Final = Panel("worst", _worst, reading.judged, lists=_is_outside)
PANELS: Final[dict[str, Panel]] = {
    panel.name: panel
    for panel in (
        Panel("cohorts", _cohorts, reading.cohorts),
        Panel("segments", _cohorts, reading.compared),
        WORST,
        Panel("calibration", _calibration, reading.calibration, shows=_is_calibrated),
        Panel("lifts", _lifts, reading.lifts, shows=_is_calibrated),
        Panel("drift", _drift, reading.drifts),
        Panel("predictions", _predictions, reading.predictions),
        Panel("arrivals", _arrivals, reading.arrivals),
        Panel("models", _models, reading.models),
        Panel("requests", _requests, reading.requests, is_live=True),
    )
}
WITHHELD: Final = Panel("withheld", _withheld, reading.withheld)
BESIDE: Final[dict[str, Panel]] = {WITHHELD.name: WITHHELD}
"""Panels that the page tells in words, beside its tables."""


def shown(ledger: Ledger) -> dict[str, Panel]:
    """The panels that a ledger has, by name."""
    return {name: panel for name, panel in PANELS.items() if panel.shows(ledger)}
