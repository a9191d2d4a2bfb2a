"""Reports that are counted beside everything else and kept, so that no look counts all lists."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from prometheus_client import Gauge
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.experiments import months_of, report_of
from valuebox.compartments.recommend.proof.kpis import KPIS
from valuebox.compartments.recommend.proof.months import MonthFigure
from valuebox.compartments.recommend.proof.schemas import ProofReport
from valuebox.compartments.recommend.tables import Exposure, Report
from valuebox.facts.scanning import begin
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.upsert import columns_of_new, upsert

BY_MONTH: Final = ""
"""Name of the report that has the figures of all lists by month, of whichever experiment."""
OLD: Final = timedelta(minutes=1)
"""Age from which on a report is made anew; of one that takes long a hundred times as long."""
_SHARE: Final = 100
_LONG: Final = 1.0
"""Seconds from which on a report takes long."""
_MANY: Final = 5_000
"""Lists from which on the first report of a shop takes long."""
_MONTHS: Final = 12
"""Months that are told: this one and those before."""


class Months(NamedTuple):
    """Figures of all lists of a shop by month."""

    made_at: datetime
    figures: list[MonthFigure]


class Proof(NamedTuple):
    """What an experiment has shown by a moment."""

    made_at: datetime
    report: ProofReport


def kept_months(session: Session, source: str) -> Months | None:
    """Figures by month, as they were last counted; None where they never were."""
    row = session.get(Report, (source, BY_MONTH))
    if row is None:
        return None
    return Months(row.made_at, [MonthFigure.model_validate(one) for one in row.content["months"]])


def kept_proof(session: Session, source: str, experiment: str) -> Proof | None:
    """The report of an experiment, as it was last made; None where it never was."""
    row = session.get(Report, (source, experiment))
    return None if row is None else Proof(row.made_at, ProofReport.model_validate(row.content))


def is_due(session: Session, source: str, name: str) -> bool:
    """Whether a report is to be made, or made anew."""
    row = session.get(Report, (source, name))
    if row is None:
        return True
    return CLOCK.moment() - row.made_at >= max(OLD, _SHARE * timedelta(seconds=row.seconds))


def takes_long(session: Session, source: str, name: str) -> bool:
    """Whether making a report would delay answers, as it did last time, or by how much there is.

    Args:
        session: Of the database.
        source: The shop.
        name: Of the report, as `make_report` has it.
    """
    row = session.get(Report, (source, name))
    if row is not None:
        return row.seconds > _LONG
    some = select(Exposure.id).where(Exposure.source == source).limit(_MANY + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > _MANY


def make_report(store: Store, source: str, name: str) -> None:
    """Count, and keep what was found.

    Args:
        store: Where lists and events are.
        source: The shop.
        name: Of an experiment, or `BY_MONTH`.
    """
    began, now = time.monotonic(), CLOCK.moment()
    with store.reading() as session:
        begin(session.connection())
        content = (
            {"months": [one.model_dump(mode="json") for one in _counted(session, source, now)]}
            if name == BY_MONTH
            else report_of(session, source, name).model_dump(mode="json")
        )
    row: dict[str, Any] = {"source": source, "name": name, "made_at": now, "content": content}
    row["seconds"] = time.monotonic() - began
    with store.writing() as session:
        upsert(session, Report, row, columns_of_new("made_at", "seconds", "content"))


def _counted(session: Session, source: str, now: datetime) -> list[MonthFigure]:
    """Months that were counted before stay what they were, but for the last two."""
    known = kept_months(session, source)
    since = _month(now, _MONTHS - 1 if known is None else 1)
    first, earliest = f"{since:%Y-%m}", f"{_month(now, _MONTHS - 1):%Y-%m}"
    kept = [] if known is None else known.figures
    return [
        *(one for one in kept if earliest <= one.month < first),
        *(one for one in months_of(session, source, since) if one.month >= first),
    ]


def _month(now: datetime, before: int) -> datetime:
    """The first moment of a month, so many before this one."""
    year, month = divmod(now.year * 12 + now.month - 1 - before, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def tell(source: str, figures: Sequence[MonthFigure]) -> None:
    """Tell Prometheus the figures of a shop's newest month."""
    newest = max((one.month for one in figures), default=None)
    kpi, sessions = _gauges()
    arms = {one.arm: one.sessions for one in figures if one.month == newest}
    for arm, count in arms.items():
        sessions.labels(source, arm).set(count)
        told = {one.kpi: one.value for one in figures if (one.month, one.arm) == (newest, arm)}
        for one in KPIS:
            if one.name in told:
                kpi.labels(source, arm, one.name).set(told[one.name])


@cache
def _gauges() -> tuple[Gauge, Gauge]:
    return (
        Gauge(
            "valuebox_recommend_kpi",
            "Figures of sessions that were shown lists, of the newest month.",
            ["source", "arm", "kpi"],
            multiprocess_mode="mostrecent",
        ),
        Gauge(
            "valuebox_recommend_sessions",
            "Sessions that were shown lists, of the newest month.",
            ["source", "arm"],
            multiprocess_mode="mostrecent",
        ),
    )
