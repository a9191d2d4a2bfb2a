"""Results of monitoring in the database."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.predictions.monitoring.results import MonitorResult
from valuebox.predictions.sums.tables import LtvMonitorResult
from valuebox.store.ids import new_id


def keep(session: Session, result: MonitorResult) -> None:
    """Store a result."""
    session.add(
        LtvMonitorResult(
            id=new_id(),
            made_at=result.made_at,
            crossed=bool(result.crossed),
            result=result.model_dump(mode="json"),
        )
    )


def unname(session: Session, cohorts: Collection[tuple[str, str]]) -> None:
    """Leave cohorts out of all results: their means, before and after, would tell of one user.

    Args:
        session: Its transaction is used.
        cohorts: Segment and month of joining.
    """
    for record in session.scalars(select(LtvMonitorResult)):
        matured = record.result.get("matured") or {}
        named = matured.get("segments", [])
        kept = [one for one in named if (one["segment"], one["month"]) not in cohorts]
        if len(kept) < len(named):
            record.result = {**record.result, "matured": {**matured, "segments": kept}}


def latest(session: Session) -> MonitorResult | None:
    """The last one that was stored, if there is any."""
    newest = select(LtvMonitorResult.result).order_by(LtvMonitorResult.id.desc()).limit(1)
    found = session.scalar(newest)
    return None if found is None else MonitorResult.model_validate(found)
