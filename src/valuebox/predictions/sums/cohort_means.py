"""Predicted and realised means of cohorts, with intervals, from the sums."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, time
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import CohortSummary, Ledger
from valuebox.predictions.sums.adding import KnownModel
from valuebox.predictions.sums.answers import CohortMean
from valuebox.predictions.sums.models import known_model
from valuebox.predictions.sums.selection import (
    Selection,
    chosen,
    first_day,
    last_day,
    period_name,
    period_of,
    summed,
)
from valuebox.predictions.sums.withholding import marked
from valuebox.statistics.grain import Grain

_NOON: Final = time(12)


class _Key(NamedTuple):
    segment: str
    model: str
    period: int


Scattered = dict[_Key, dict[int, tuple[int, int]]]


def cohort_means(
    session: Session,
    ledger: Ledger,
    selection: Selection,
    grain: Grain,
    least: int = 1,
    segments: Collection[str] | None = None,
) -> list[CohortMean]:
    """Every cohort of the selection, by segment, then model, then period.

    An interval of a small cohort is drawn, which takes a millisecond: ask for the days of one
    segment, or for the months of all.

    Args:
        session: Reads.
        ledger: What is read of.
        selection: Days of cohorts, segments and model.
        grain: Whether cohorts are of days or of months.
        least: Cohorts of fewer users are left out, and so are outcomes of fewer; see `withholding`.
        segments: Of the selection, those that are returned; all, where it is None.
    """
    sums = marked(_sums(ledger, selection, grain), least)
    shown = select(sums).where(sums.c.is_few == 0)
    if segments is not None:
        shown = shown.where(sums.c.segment.in_(segments))
    shown = shown.order_by(sums.c.segment, sums.c.model, sums.c.period)
    return _means(session, ledger, selection, grain, session.execute(shown).all())


def withheld_cohorts(
    session: Session, ledger: Ledger, selection: Selection, grain: Grain, least: int
) -> int:
    """How many cohorts `cohort_means` leaves out."""
    sums = marked(_sums(ledger, selection, grain), least)
    return session.scalar(select(func.coalesce(func.sum(sums.c.is_few), 0))) or 0


def nameable_cohorts(
    session: Session, ledger: Ledger, selection: Selection, grain: Grain, least: int
) -> set[tuple[str, str]]:
    """Segment and period of cohorts whose outcomes may be told."""
    sums = marked(_sums(ledger, selection, grain), least).c
    told = select(sums.segment, sums.period).where(sums.is_untold == 0)
    return {(segment, period_name(number)) for segment, number in session.execute(told)}


def judged_cohorts(
    session: Session,
    ledger: Ledger,
    selection: Selection,
    grains: Iterable[Grain],
    limit: int,
    least: int = 1,
) -> list[CohortMean]:
    """Cohorts whose outcome is known, those of most users first.

    Args:
        session: Reads.
        ledger: What is read of.
        selection: Days of cohorts, segments and model.
        grains: Whether cohorts are of days or of months: the first of which there are no more
            than the limit, else the last.
        limit: At most so many: the interval of each is drawn, which takes up to a millisecond.
        least: Cohorts of which fewer outcomes are known are left out; see `withholding`.
    """
    *finer, coarsest = grains
    for grain in finer:
        if grain == "day" and _are_surely_more_days(session, ledger, selection, limit, least):
            continue
        sums = known_sums(session, ledger, selection, grain, limit + 1, least)
        if len(sums) <= limit:
            return _means(session, ledger, selection, grain, sums)
    sums = known_sums(session, ledger, selection, coarsest, limit, least)
    return _means(session, ledger, selection, coarsest, sums)


def _are_surely_more_days(
    session: Session, ledger: Ledger, selection: Selection, limit: int, least: int
) -> bool:
    """Whether more cohorts of days than a limit can be judged, as far as counting alone tells.

    Of those with enough users and outcomes at most one of each segment, and of each day, is
    withheld for its users, and one for its outcomes: the smallest.
    """
    if selection.first is None or selection.last is None:
        return False
    table = ledger.sums.cohorts
    rows = func.count().label("rows")
    enough = (table.users >= least, table.known_users >= max(least, 1))
    counted = chosen(selection, table, table.model, rows).where(*enough)
    whole = counted.group_by(table.model, table.segment).subquery().c
    query = select(func.sum(whole.rows), func.count(), func.count(whole.model.distinct()))
    cohorts, segments, models = session.execute(query).one()
    days = models * ((selection.last - selection.first).days + 1)
    return bool((cohorts or 0) - 2 * (segments + days) > limit)


def known_sums(
    session: Session,
    ledger: Ledger,
    selection: Selection,
    grain: Grain,
    limit: int | None,
    least: int,
) -> Sequence[Row[Any]]:
    """The sums of the largest cohorts whose outcome is known and may be told; None is no limit."""
    sums = marked(_sums(ledger, selection, grain), least).c
    known = (
        select(*sums)
        .where(sums.known_users > 0, sums.is_untold == 0)
        .order_by(sums.known_users.desc(), sums.segment, sums.model, sums.period)
        .limit(limit)
    )
    return session.execute(known).all()


def _sums(ledger: Ledger, selection: Selection, grain: Grain) -> Select[*tuple[Any, ...]]:
    """The sums of every cohort with users; `period` is a number."""
    amounts = ("users", "prediction", *ledger.spread.extras)
    names = (*amounts, *(f"known_{name}" for name in amounts), "known_actual", "known_squares")

    def columns(table: Any) -> list[Any]:
        ends = (first_day(table).label("first"), last_day(table).label("last"))
        return [table.segment, table.model, *ends, *(getattr(table, name) for name in names)]

    by_month = _by_month(ledger, "cohorts", grain)
    table = ledger.sums.cohorts
    rows = summed(selection, table, by_month, columns, lambda one: one.users > 0).c
    period = period_of(rows.first, grain).label("period")
    totals = [func.sum(rows[name]).label(name) for name in names]
    first, last = func.min(rows.first).label("first"), func.max(rows.last).label("last")
    grouped = (rows.segment, rows.model, period)
    return select(*grouped, first, last, *totals).group_by(*grouped)


def _by_month(ledger: Ledger, name: str, grain: Grain) -> Any | None:
    """The table of sums by month, where a ledger has these and months are asked for."""
    months = ledger.sums.months
    return getattr(months, name) if months is not None and grain == "month" else None


def _means(
    session: Session, ledger: Ledger, selection: Selection, grain: Grain, sums: Sequence[Row[Any]]
) -> list[CohortMean]:
    known = {model: known_model(session, ledger, model) for model in {row.model for row in sums}}
    scattered = _scattered(session, ledger, selection, grain, sums)
    found = []
    for row in sums:
        key = _Key(row.segment, row.model, row.period)
        found.append(_mean(ledger, row, known[row.model], scattered.get(key, {})))
    return found


def _scattered(
    session: Session, ledger: Ledger, selection: Selection, grain: Grain, sums: Sequence[Row[Any]]
) -> Scattered:
    def columns(table: Any) -> list[Any]:
        keys = (table.segment, table.model, first_day(table).label("day"), table.bin)
        return [*keys, table.users, table.known_users]

    by_month, table = _by_month(ledger, "cohort_scatter", grain), ledger.sums.cohort_scatter
    rows = summed(selection, table, by_month, columns, partial(_within, sums)).c
    keys = (rows.segment, rows.model, period_of(rows.day, grain).label("period"), rows.bin)
    totals = select(*keys, func.sum(rows.users), func.sum(rows.known_users)).group_by(*keys)
    found: Scattered = {}
    for segment, model, number, one, users, known in session.execute(totals):
        of_cohort = found.setdefault(_Key(segment, model, number), {})
        of_cohort[one] = (int(users), int(known))
    return found


def _within(sums: Sequence[Row[Any]], table: Any) -> ColumnElement[bool]:
    """The condition on the scatter of these cohorts; where they are many, of all in between."""
    if not sums:
        return false()
    day = first_day(table)
    # Sums of a month are all of its first day.
    firsts = [row.first.replace(day=1) if hasattr(table, "month") else row.first for row in sums]
    if len(sums) > 50:
        return and_(
            table.segment.in_(sorted({row.segment for row in sums})),
            table.model.in_(sorted({row.model for row in sums})),
            day.between(min(firsts), max(row.last for row in sums)),
        )
    return or_(
        *(
            and_(
                table.segment == row.segment,
                table.model == row.model,
                day.between(first, row.last),
            )
            for first, row in zip(firsts, sums, strict=True)
        )
    )


def _mean(
    ledger: Ledger, row: Row[Any], model: KnownModel, scattered: Mapping[int, tuple[int, int]]
) -> CohortMean:
    # Too few outcomes are treated like none.
    known = 0 if row.is_untold else int(row.known_users)
    users = known or int(row.users)
    which = "known_" if known else ""
    means = {
        name: getattr(row, which + name) / users for name in ("prediction", *ledger.spread.extras)
    }
    ends = None
    if model.learned is not None:
        ends = ledger.spread.interval(
            model.learned,
            CohortSummary(
                segment=row.segment,
                middle=datetime.combine(row.first, _NOON) + (row.last - row.first) / 2,
                rows=users,
                prediction=means["prediction"],
                extras=means,
                bins={one: both[1] if known else both[0] for one, both in scattered.items()},
            ),
        )
    return CohortMean(
        segment=row.segment,
        period=period_name(row.period),
        model=row.model,
        users=int(row.users),
        known_users=int(row.known_users),
        predicted=means["prediction"],
        lower=ends[0] if ends else None,
        upper=ends[1] if ends else None,
        actual=row.known_actual / known if known else None,
        floor=_floor(row, known),
    )


def _floor(row: Row[Any], known: int) -> float | None:
    """Mean absolute deviation of the mean, were it normal."""
    if known < 2:
        return None
    bias = (row.known_actual - row.known_prediction) / known
    variance = max(row.known_squares / known - bias**2, 0.0)
    return math.sqrt(2 / math.pi * variance / known)
