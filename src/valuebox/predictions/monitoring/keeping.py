"""Results of monitoring in the database."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.monitoring.results import MonitorResult
from valuebox.predictions.sums.tables import MonitorRecord
from valuebox.store.ids import new_id


def keep(session: Session, table: Any, result: MonitorResult) -> None:
    """Store a result in the table of its compartment, a `MonitorRecord`."""
    session.add(
        table(
            id=new_id(),
            made_at=result.made_at,
            crossed=bool(result.crossed),
            result=result.model_dump(mode="json"),
        )
    )


def unname(session: Session, ledger: Ledger, cohorts: Collection[tuple[str, str]]) -> None:
    """Leave cohorts out of all results: their means, before and after, would tell of one user.

    Args:
        session: Its transaction is used.
        ledger: Of the results.
        cohorts: Segment and month.
    """
    for record in session.scalars(select(ledger.sums.monitor_results)):
        matured = record.result.get("matured") or {}
        named = matured.get("segments", [])
        kept = [one for one in named if (one["segment"], one["month"]) not in cohorts]
        if len(kept) < len(named):
            record.result = {**record.result, "matured": {**matured, "segments": kept}}


def latest(session: Session, table: type[MonitorRecord]) -> MonitorResult | None:
    """The last result that was stored in a table, if there is any."""
    newest = select(table.result).order_by(table.id.desc()).limit(1)
    found = session.scalar(newest)
    return None if found is None else MonitorResult.model_validate(found)
