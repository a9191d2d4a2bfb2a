"""Predicted and realised means of cohorts, with intervals, from the sums."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.uncertainty import CohortMeans, Scatter, Uncertainty
from valuebox.predictions.sums.few import marked
from valuebox.predictions.sums.models import known_model
from valuebox.predictions.sums.periods import chosen, period_name, period_of
from valuebox.predictions.sums.tables import LtvCohorts, LtvCohortScatter
from valuebox.predictions.sums.views import CohortMean, Selection
from valuebox.statistics.periods import Period

_NOON: Final = time(12)


class _Key(NamedTuple):
    segment: str
    model: str
    period: int


Scattered = dict[_Key, dict[int, tuple[int, int]]]


def cohort_means(
    session: Session,
    selection: Selection,
    period: Period,
    least: int = 1,
    segments: Collection[str] | None = None,
) -> list[CohortMean]:
    """Every cohort of the selection, by segment, then model, then period.

    An interval of a small cohort is drawn, which takes a millisecond: ask for the days of one
    segment, or for the months of all.

    Args:
        session: Reads.
        selection: Days of joining, segments and model.
        period: By which users are put together.
        least: Cohorts of fewer users are left out, and so are outcomes of fewer; see `few`.
        segments: Of the selection, those that are returned; all, where it is None.
    """
    sums = marked(_sums(selection, period), least)
    shown = select(sums).where(sums.c.is_few == 0)
    if segments is not None:
        shown = shown.where(sums.c.segment.in_(segments))
    shown = shown.order_by(sums.c.segment, sums.c.model, sums.c.period)
    return _means(session, selection, period, session.execute(shown).all())


def withheld_cohorts(session: Session, selection: Selection, period: Period, least: int) -> int:
    """How many cohorts `cohort_means` leaves out."""
    sums = marked(_sums(selection, period), least)
    return session.scalar(select(func.coalesce(func.sum(sums.c.is_few), 0))) or 0


def nameable_cohorts(
    session: Session, selection: Selection, period: Period, least: int
) -> set[tuple[str, str]]:
    """Segment and period of cohorts whose outcomes may be told."""
    sums = marked(_sums(selection, period), least).c
    told = select(sums.segment, sums.period).where(sums.is_untold == 0)
    return {(segment, period_name(number)) for segment, number in session.execute(told)}


def judged_cohorts(
    session: Session, selection: Selection, period: Period, limit: int, least: int = 1
) -> list[CohortMean]:
    """Cohorts whose outcome is known, those of most users first.

    Args:
        session: Reads.
        selection: Days of joining, segments and model.
        period: By which users are put together.
        limit: At most so many: the interval of each is drawn, which takes up to a millisecond.
        least: Cohorts of which fewer outcomes are known are left out; see `few`.
    """
    sums = marked(_sums(selection, period), least).c
    known = (
        select(*sums)
        .where(sums.known_users > 0, sums.is_untold == 0)
        .order_by(sums.known_users.desc(), sums.segment, sums.model, sums.period)
        .limit(limit)
    )
    return _means(session, selection, period, session.execute(known).all())


def _sums(selection: Selection, period: Period) -> Select[*tuple[Any, ...]]:
    """The sums of every cohort with users; `period` is a number."""
    table = LtvCohorts
    names = (
        *("users", "prediction", "later", "future"),
        *("known_users", "known_prediction", "known_later", "known_future"),
        *("known_actual", "known_squares"),
    )
    columns = [getattr(table, name) for name in names]
    keys = (table.segment, table.model, period_of(table.day, period).label("period"))
    rows = chosen(selection, table, *keys, table.day, *columns).where(table.users > 0).subquery().c
    totals = [func.sum(rows[name]).label(name) for name in names]
    first, last = func.min(rows.day).label("first"), func.max(rows.day).label("last")
    grouped = (rows.segment, rows.model, rows.period)
    return select(*grouped, first, last, *totals).group_by(*grouped)


def _means(
    session: Session, selection: Selection, period: Period, sums: Sequence[Row[Any]]
) -> list[CohortMean]:
    learned = {
        model: known_model(session, model).uncertainty for model in {row.model for row in sums}
    }
    scattered = _scattered(session, selection, period, sums)
    found = []
    for row in sums:
        key = _Key(row.segment, row.model, row.period)
        found.append(_mean(row, learned[row.model], scattered.get(key, {})))
    return found


def _scattered(
    session: Session, selection: Selection, period: Period, sums: Sequence[Row[Any]]
) -> Scattered:
    table = LtvCohortScatter
    of_period = period_of(table.day, period).label("period")
    columns = (table.segment, table.model, of_period, table.bin, table.users, table.known_users)
    query = chosen(selection, table, *columns).where(_within(sums))
    rows = query.subquery().c
    keys = (rows.segment, rows.model, rows.period, rows.bin)
    totals = select(*keys, func.sum(rows.users), func.sum(rows.known_users)).group_by(*keys)
    found: Scattered = {}
    for segment, model, number, one, users, known in session.execute(totals):
        of_cohort = found.setdefault(_Key(segment, model, number), {})
        of_cohort[one] = (int(users), int(known))
    return found


def _within(sums: Sequence[Row[Any]]) -> ColumnElement[bool]:
    """The condition on the scatter of these cohorts; where they are many, of all in between."""
    table = LtvCohortScatter
    if not sums or len(sums) > 50:
        return and_(True)
    return or_(
        *(
            and_(
                table.segment == row.segment,
                table.model == row.model,
                table.day.between(row.first, row.last),
            )
            for row in sums
        )
    )


def _mean(
    row: Row[Any], learned: Uncertainty | None, scattered: Mapping[int, tuple[int, int]]
) -> CohortMean:
    # Too few outcomes are treated like none.
    known = 0 if row.is_untold else int(row.known_users)
    users = known or int(row.users)
    sums = (
        (row.known_prediction, row.known_later, row.known_future)
        if known
        else (row.prediction, row.later, row.future)
    )
    prediction, later, future = (total / users for total in sums)
    lower = upper = None
    if learned is not None and scattered:
        counts = {one: both[1] if known else both[0] for one, both in scattered.items()}
        lower, upper = learned.interval_of_mean(
            CohortMeans(
                segment=row.segment,
                joined=datetime.combine(row.first, _NOON) + (row.last - row.first) / 2,
                prediction=prediction,
                later=later,
                future=future,
                known=_listed(learned.known, counts),
                missing=_listed(learned.missing, {-1 - one: n for one, n in counts.items()}),
            )
        )
    return CohortMean(
        segment=row.segment,
        period=period_name(row.period),
        model=row.model,
        users=int(row.users),
        known_users=int(row.known_users),
        predicted=prediction,
        lower=lower,
        upper=upper,
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


def _listed(scatter: Scatter, counts: Mapping[int, int]) -> NDArray[np.int64]:
    listed = np.zeros(len(scatter.edges) + 1, dtype=np.int64)
    for one, users in counts.items():
        if one >= 0:
            listed[one] = users
    return listed
