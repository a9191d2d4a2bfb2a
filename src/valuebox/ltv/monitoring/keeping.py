"""Results of monitoring in the database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.ltv.monitoring.results import MonitorResult
from valuebox.ltv.summaries.tables import LtvMonitorResult
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


def latest(session: Session) -> MonitorResult | None:
    """The last one that was stored, if there is any."""
    newest = select(LtvMonitorResult.result).order_by(LtvMonitorResult.id.desc()).limit(1)
    found = session.scalar(newest)
    return None if found is None else MonitorResult.model_validate(found)
