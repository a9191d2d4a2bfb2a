"""How many different people rows are of: those of the same people know less than they seem to."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.days import day_of
from valuebox.predictions.sums.selection import Selection, chosen
from valuebox.store.ids import first_id

ENOUGH: Final = 10_000
"""People on one day from which on no more are counted: what is left to chance is little by then."""
_EARLY: Final = timedelta(days=7)


def people_of(session: Session, ledger: Ledger, selection: Selection) -> int | None:
    """How many different people the rows of a selection are of, at least.

    Rows are read for it, those that were stored since the first day. Where that day has many
    people, or rows have expired, it is as many as the sums have on the busiest day.

    Args:
        session: Reads.
        ledger: What is read of.
        selection: Days and a model.

    Returns:
        None where no two rows are of the same.
    """
    if not ledger.people:
        return None
    cohorts = ledger.sums.cohorts
    busiest = session.scalar(chosen(selection, cohorts, func.max(cohorts.users))) or 0
    if busiest >= ENOUGH:
        return int(busiest)
    labelled = [column.label(f"part_{place}") for place, column in enumerate(ledger.people)]
    rows = ledger.select(*labelled).distinct()
    if selection.model is not None:
        rows = rows.where(ledger.model == selection.model)
    if selection.first is not None:
        # Hardly anything is asked before its day: by the id, older rows need not be read.
        stored = datetime.combine(selection.first, time(), UTC) - _EARLY
        rows = rows.where(ledger.id >= first_id(stored), day_of(ledger.day) >= selection.first)
    if selection.last is not None:
        rows = rows.where(day_of(ledger.day) <= selection.last)
    counted = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    return max(int(busiest), int(counted))
