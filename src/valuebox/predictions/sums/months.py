"""Making the sums by month of those by day, once these are at rest.

A view of years would add up hundreds of days of every segment, most of which never change again.
A month that changes is read by its days until it has been at rest for a while: what is reported
of the last weeks, minute by minute, is added to one table alone.
"""

from datetime import date, timedelta
from threading import Event
from typing import Any, Final

from sqlalchemy import Date, and_, case, delete, func, insert, inspect, literal, select
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.month_tables import MonthTables, SummedMonth
from valuebox.predictions.sums.selection import last_of
from valuebox.store.clock import now
from valuebox.store.deadline import within
from valuebox.store.engine import Store

REST: Final = timedelta(minutes=10)
_SECONDS: Final = 60.0


def made_months(session: Session, ledger: Ledger) -> frozenset[date]:
    """Months, by their first day, whose sums by month hold what those by day do."""
    if ledger.sums.months is None:
        return frozenset()
    noted = select(SummedMonth.month).where(SummedMonth.ledger == ledger.name)
    return frozenset(session.scalars(noted.where(SummedMonth.is_made)))


def make_months(store: Store, ledger: Ledger, stop: Event, rest: timedelta = REST) -> int:
    """Make the sums of months that have changed, and return how many months these were.

    Args:
        store: Where the sums are.
        ledger: Whose they are.
        stop: Ends it after the month under way.
        rest: Months that have changed since are left for later.
    """
    months = ledger.sums.months
    made = 0
    while months is not None and not stop.is_set():
        with within(_SECONDS), store.writing() as session:
            # Whoever changes a day of the month waits for this row, or is waited for.
            stale = (
                select(SummedMonth)
                .where(
                    SummedMonth.ledger == ledger.name,
                    ~SummedMonth.is_made,
                    SummedMonth.changed_at <= now(session) - rest,
                )
                .order_by(SummedMonth.month)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            noted = session.scalar(stale)
            if noted is None:
                break
            _make(session, ledger, months, noted.month)
            noted.is_made = True
        made += 1
    return made


def drop_changed_months(session: Session, ledger: Ledger) -> None:
    """Delete the sums of months that have changed since, of which nobody is told any more."""
    if ledger.sums.months is not None:
        changed = select(SummedMonth.month).where(
            SummedMonth.ledger == ledger.name, ~SummedMonth.is_made
        )
        _empty(session, ledger.sums.months, changed)


def _empty(session: Session, months: MonthTables, which: Any) -> None:
    for table in vars(months).values():
        gone = delete(table).where(table.month.in_(which))
        session.execute(gone.execution_options(synchronize_session=False))


def _make(session: Session, ledger: Ledger, months: MonthTables, month: date) -> None:
    _empty(session, months, [month])
    for name, table in vars(months).items():
        days: Any = getattr(ledger.sums, name)
        keys = [key.name for key in inspect(table).primary_key if key.name != "month"]
        is_sum = [one.name for one in inspect(days).columns if one.name not in {"day", *keys}]
        values: dict[str, Any] = {
            "month": literal(month, Date()),
            **{key: getattr(days, key) for key in keys},
            **{one: func.sum(getattr(days, one)) for one in is_sum},
        }
        of_month = days.day.between(month, last_of(month))
        if table is months.cohorts:
            values["first_day"], values["last_day"] = func.min(days.day), func.max(days.day)
            values["last_known"] = func.max(case((days.known_users > 0, days.day)))
            of_month = and_(of_month, days.users > 0)
        added_up = select(*values.values()).where(of_month)
        added_up = added_up.group_by(*(values[key] for key in keys))
        session.execute(insert(table).from_select(list(values), added_up))
