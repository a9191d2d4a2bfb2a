"""Everybody of a selection together."""

from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from valuebox.ltv.summaries.periods import chosen
from valuebox.ltv.summaries.tables import LtvCohorts
from valuebox.ltv.summaries.views import Selection, Totals


def totals(session: Session, selection: Selection) -> list[Totals]:
    """All users of the selection, by model, most users first."""
    table = LtvCohorts
    known_day = case((table.known_users > 0, table.day))
    names = ("users", "prediction", "known_users", "known_prediction", "known_actual")
    columns = [getattr(table, name) for name in names]
    rows = chosen(selection, table, table.model, known_day.label("day"), *columns).subquery().c
    sums = [func.sum(rows[name]).label(name) for name in names]
    last = func.max(rows.day).label("last_known")
    query = select(rows.model, *sums, last).group_by(rows.model)
    found = [_totals(row) for row in session.execute(query) if row.users]
    return sorted(found, key=lambda one: (-one.users, one.model))


def _totals(row: Any) -> Totals:
    users, known = int(row.users), int(row.known_users)
    return Totals(
        model=row.model,
        users=users,
        known_users=known,
        predicted=row.known_prediction / known if known else row.prediction / users,
        actual=row.known_actual / known if known else None,
        last_known=row.last_known,
    )
