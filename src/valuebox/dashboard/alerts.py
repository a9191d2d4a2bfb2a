"""The sheet of alerts: what monitoring has found beyond its thresholds, and what to do about it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from valuebox.compartments.contract import Look, Page
from valuebox.compartments.register import compartments, watched
from valuebox.pages.tables import Table, column
from valuebox.predictions.monitoring.advice import what_to_do, what_was_found
from valuebox.predictions.monitoring.health import STALE
from valuebox.predictions.monitoring.results import MonitorResult
from valuebox.predictions.monitoring.watched import Watched
from valuebox.schemas.values import Model

RUNS: Final = 30
"""Stored results of each compartment that are looked at: those of a month, when run daily."""

_log = logging.getLogger("valuebox")


class AlertsQuestion(Model):
    """Nothing is asked of the sheet."""


@dataclass(frozen=True)
class Alert:
    """A figure beyond its threshold, found once or run after run."""

    found_at: datetime
    """When it was found last."""
    question: str
    """What people call the compartment."""
    compartment: str
    what: str
    feature: str | None
    """What the figure is of: a feature, or a test; None where it is of all."""
    value: float
    limit: float
    times: int
    """Runs that have found it, of the last `RUNS`."""
    is_current: bool
    """Whether the newest run has found it."""
    todo: str

    @property
    def still(self) -> str:
        """Whether the newest run has found it, in a word or two."""
        return "yes" if self.is_current else "not since"


@dataclass(frozen=True)
class Untold:
    """What the newest run of a compartment could not tell, which is not the same as calm."""

    question: str
    why: str


ALERTS: Final = Table(
    "alerts",
    (
        column("question", "Question", "text"),
        column("what", "Beyond its threshold", "text"),
        column("feature", "Of", "text"),
        column("found_at", "Last found (UTC)", "moment"),
        column("still", "Still so", "text"),
        column("times", "Runs", "count"),
        column("value", "Figure", "index"),
        column("limit", "Threshold", "index"),
        column("todo", "What to do", "text"),
    ),
)


def look(session: Session, _asked: AlertsQuestion, _service: Any, _least: int) -> Look:
    """The sheet; see `Page`."""
    titles = {one.name: one.title for one in compartments()}
    told = [_told(session, one, titles[one.name]) for one in watched()]
    found = [alert for one in told for alert in one.alerts]
    return Look(
        rows={"alerts": sorted(found, key=attrgetter("found_at", "is_current"), reverse=True)},
        values={
            "current": sum(one.is_current for one in found),
            "untold": [untold for one in told for untold in one.untold],
            "runs": RUNS,
            "looked": any(one.looked for one in told),
        },
    )


@dataclass(frozen=True)
class _Told:
    """What the stored runs of one compartment say."""

    looked: bool
    """Whether any run is stored."""
    alerts: list[Alert]
    untold: list[Untold]


def _told(session: Session, one: Watched, title: str) -> _Told:
    try:
        runs = _runs(session, one)
        untold = list(_untold(runs, title, datetime.now(UTC)))
        return _Told(bool(runs), list(_alerts(runs, one.name, title)), untold)
    except SQLAlchemyError:
        # The next question to the database would fare no better.
        raise
    except Exception as error:
        # What one of them gets wrong, such as a package's, hides none of the others.
        _log.error("the alerts of %s cannot be read", one.name, exc_info=error)
        why = "its stored runs cannot be read; the log of the service says why."
        return _Told(True, [], [Untold(title, why)])


def _runs(session: Session, one: Watched) -> list[MonitorResult]:
    table = one.results
    newest = select(table.result).order_by(table.id.desc()).limit(RUNS)
    return [MonitorResult.model_validate(result) for result in session.scalars(newest)]


def _alerts(runs: list[MonitorResult], name: str, title: str) -> Iterator[Alert]:
    crossed = [(run, place, finding) for place, run in enumerate(runs) for finding in run.crossed]
    seen: dict[tuple[str, str | None], int] = {}
    for _, _, finding in crossed:
        key = (finding.check, finding.feature)
        seen[key] = seen.get(key, 0) + 1
    for run, place, finding in crossed:
        times = seen.pop((finding.check, finding.feature), None)
        if times is not None:
            yield Alert(
                found_at=run.made_at,
                question=title,
                compartment=name,
                what=what_was_found(finding),
                feature=finding.feature,
                value=finding.value,
                limit=finding.limit,
                times=times,
                is_current=place == 0,
                todo=what_to_do(finding),
            )


def _untold(runs: list[MonitorResult], title: str, now: datetime) -> Iterator[Untold]:
    if not runs:
        return
    newest = runs[0]
    if now - newest.made_at > STALE:
        days = (now - newest.made_at).days
        yield Untold(title, f"`valuebox monitor` was last run {days} days ago.")
    yield from (Untold(title, unknown.why) for unknown in newest.unknown)


PAGE: Final = Page(
    title="Alerts",
    package=__package__ or "",
    asks=AlertsQuestion,
    tables=(ALERTS,),
    look=look,
)
