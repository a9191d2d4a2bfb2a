"""What `valuebox monitor` looks at, one compartment after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.monitoring.checks import monitor
from valuebox.predictions.monitoring.results import MonitorResult, Thresholds
from valuebox.predictions.sums.tables import MonitorRecord

Look = Callable[[Session, Thresholds, date | None, str | None, int], MonitorResult]
"""Function of a session, thresholds, the first day or None, the tag of a model or None, and the
smallest number of rows that anything is told of. It raises `NothingToMonitor` where there are no
such rows."""


@dataclass(frozen=True)
class Watched:
    """A compartment whose rows are compared with those that a model has learned from."""

    name: str
    """Name of the compartment."""
    dated: str
    """The rows before dates: "users who joined"."""
    results: type[MonitorRecord]
    """Table that results are stored in."""
    look: Look
    ledger: Ledger | None = None
    """The ledger whose sums are looked at, which have to be brought up to date before."""


def watched_ledger(ledger: Ledger) -> Watched:
    """Predictions and what came true, as `checks.monitor` compares them."""

    def look(
        session: Session, limits: Thresholds, first: date | None, model: str | None, least: int
    ) -> MonitorResult:
        return monitor(session, ledger, limits, first, model, least)

    return Watched(ledger.name, ledger.words.dated, ledger.sums.monitor_results, look, ledger)
