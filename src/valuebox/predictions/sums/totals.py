"""Sums over all rows of a selection, by model and segment."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.answers import Totals
from valuebox.predictions.sums.selection import Selection, last_known, summed


def totals(session: Session, ledger: Ledger, selection: Selection) -> list[Totals]:
    """All users of the selection, by model and segment, most users first."""
    names = ("users", "prediction", "known_users", "known_prediction", "known_actual")

    def columns(table: Any) -> list[Any]:
        last = last_known(table).label("last_known")
        return [table.model, table.segment, last, *(getattr(table, name) for name in names)]

    by_month = ledger.sums.months and ledger.sums.months.cohorts
    rows = summed(selection, ledger.sums.cohorts, by_month, columns).c
    sums = [func.sum(rows[name]).label(name) for name in names]
    last = func.max(rows.last_known).label("last_known")
    query = select(rows.model, rows.segment, *sums, last).group_by(rows.model, rows.segment)
    found = [_totals(row) for row in session.execute(query) if row.users]
    return sorted(found, key=lambda one: (-one.users, one.segment, one.model))


def together(some: Iterable[Totals]) -> Totals | None:
    """The sum of several; None of none."""
    found = list(some)
    if not found:
        return None
    days = [one.last_known for one in found if one.last_known is not None]
    return Totals(
        model=found[0].model,
        segment=found[0].segment,
        users=sum(one.users for one in found),
        prediction=sum(one.prediction for one in found),
        known_users=sum(one.known_users for one in found),
        known_prediction=sum(one.known_prediction for one in found),
        known_actual=sum(one.known_actual for one in found),
        last_known=max(days, default=None),
    )


def _totals(row: Any) -> Totals:
    return Totals(
        model=row.model,
        segment=row.segment,
        users=int(row.users),
        prediction=row.prediction,
        known_users=int(row.known_users),
        known_prediction=row.known_prediction,
        known_actual=row.known_actual,
        last_known=row.last_known,
    )
