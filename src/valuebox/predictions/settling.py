"""What became of predictions that are about a period: written when it has ended, from its events.

Whoever stores such predictions notes the period of each request and source (`periods`). A period is
judged once it has been over for `GRACE`, unless its source was not watched for all of it. Events
that come even later correct what was written.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from valuebox.facts.tables import Event
from valuebox.facts.windows import slack
from valuebox.predictions.judging import Case, Judging
from valuebox.predictions.periods import PredictedPeriod, Settled
from valuebox.store.base import UtcDateTime
from valuebox.store.clock import now
from valuebox.store.pruning import next_batch
from valuebox.store.upsert import insert_missing

GRACE: Final = timedelta(days=2)
"""How long after the end of a period it is judged: its last day may come with the import of the
following night, and that may fail once."""
_AGAIN: Final = timedelta(days=1)
"""After that a period is looked at again whose source was not watched for all of it."""
_OVERLAP: Final = timedelta(seconds=150)
"""Events received so lately are looked at again: others of the same moment may still be stored,
while periods are judged without them. It is longer than a request and a batch take together."""
_PERIODS: Final = 200
"""Periods that are locked at a time."""
_ROWS: Final = 20_000
"""Predictions that are judged at a time, or those of one period."""
_SECONDS: Final = 3.0
"""How long is looked for something to write at a time: others want to write, too."""
_CHUNK: Final = 5_000


def settle(session: Session, until: datetime, judging: Judging) -> int:
    """Write what became of predictions whose period is over, and correct it by late events.

    Several workers may do so at the same time: each takes periods that no other has.

    Args:
        session: Of a transaction, in which a batch is written.
        until: Now, or an earlier moment that is looked back at; no later event is looked at.
        judging: Which predictions, and how.

    Returns:
        How many rows were written, or 1 where none were and there is more to look at; 0 where
        there is nothing to do.
    """
    moment, began = now(session), time.monotonic()
    written = _correct(session, until, judging, moment)
    while not written:
        periods = _due(session, until, judging)
        if not periods:
            break
        watched = _watched(session, periods, until)
        written = _judge(session, watched, judging, moment)
        for period in periods:
            period.due_at = None if period in watched else until - GRACE + _AGAIN
        session.flush()
        if time.monotonic() > began + _SECONDS:
            # There may be more periods, though none of these could be judged.
            return max(written, 1)
    return written


def _due(session: Session, until: datetime, judging: Judging) -> list[PredictedPeriod]:
    """Periods that are to be judged now, of not too many predictions; locked."""
    query = (
        select(PredictedPeriod)
        .where(
            PredictedPeriod.compartment == judging.compartment,
            PredictedPeriod.due_at <= until - GRACE,
        )
        .order_by(PredictedPeriod.due_at)
        .limit(_PERIODS)
        .with_for_update(skip_locked=True)
    )
    found: list[PredictedPeriod] = []
    rows = 0
    for period in session.scalars(query).all():
        if found and rows + period.predictions > _ROWS:
            break
        found.append(period)
        rows += period.predictions
    return found


def _watched(
    session: Session, periods: Sequence[PredictedPeriod], until: datetime
) -> list[PredictedPeriod]:
    """Periods for all of which their source was watched, as `facts.windows.there` has it."""
    of_source: dict[str, list[PredictedPeriod]] = {}
    for period in periods:
        of_source.setdefault(period.source, []).append(period)
    found = []
    for source, theirs in of_source.items():
        ends = [_quiet_from(period) for period in theirs]
        start = min(period.starts_at for period in theirs)
        first, last = _watched_span(session, source, until, start, max(ends))
        if first is not None and last is not None:
            whole = zip(theirs, ends, strict=True)
            found += [one for one, end in whole if first < one.starts_at and last >= end]
    return found


def _quiet_from(period: PredictedPeriod) -> datetime:
    """When a period's source may have had its last event, and was watched to its end."""
    quiet = slack((period.ends_at - period.starts_at).days) / np.timedelta64(1, "h")
    return period.ends_at - timedelta(hours=quiet)


def _watched_span(
    session: Session, source: str, until: datetime, start: datetime, end: datetime
) -> tuple[datetime | None, datetime | None]:
    """Events of a source's customers: the first, or any before `start`; the last.

    Neither is looked for among all events where it need not be: they are in no order by time.
    """
    theirs = select(Event.time).where(
        Event.source == source, Event.customer.is_not(None), Event.time < until
    )
    first = session.scalar(theirs.where(Event.time < start).limit(1)) or session.scalar(
        theirs.order_by(Event.time).limit(1)
    )
    # Not any event: PostgreSQL would expect one soon, and read all that happened before.
    latest = theirs.with_only_columns(func.max(Event.time))
    return first, session.scalar(latest.where(Event.time >= end)) or session.scalar(latest)


def _judge(
    session: Session, periods: Iterable[PredictedPeriod], judging: Judging, moment: datetime
) -> int:
    """Write the outcomes of these periods' predictions, and return how many there were."""
    said, written = judging.predictions, 0
    for period in periods:
        of_period = and_(said.request_id == period.request_id, said.source == period.source)
        condition = judging.condition(session, period.judged_by)
        whom = select(said.customer).where(of_period)
        done = and_(
            condition.events,
            Event.source == period.source,
            Event.customer.in_(whom),
            Event.time >= period.starts_at,
            Event.time < period.ends_at,
        )
        for case_ in condition.cases:
            # What was done is found once: to look for it for each prediction takes far longer.
            did = select(Event.customer, *case_.did).where(done, *_known(case_)).distinct()
            came = tuple_(said.customer, *case_.said).in_(did)
            query = (
                select(
                    said.id,
                    case((came, 1.0), else_=0.0).label("target"),
                    literal(moment, UtcDateTime()).label("changed_at"),
                )
                .where(of_period, case_.rows)
                # What somebody is deleting at this moment needs no outcome, and can have none.
                .with_for_update(read=True, key_share=True, skip_locked=True)
            )
            written += insert_missing(session, judging.outcomes, query)
    return written


def _correct(session: Session, until: datetime, judging: Judging, moment: datetime) -> int:
    """Have predictions come true by events that were received after these had been judged."""
    through = _looked_through(session, judging, moment)
    if through is None:
        return 0
    spans: Sequence[_Span] | None = None
    written, began = 0, time.monotonic()
    after: datetime | None = through.received_through
    while after is not None and not written:
        if time.monotonic() > began + _SECONDS:
            # There is more to look through, though nothing has been written.
            return 1
        batch = next_batch(session, Event.received_at, None, after)
        # Only of periods that have been over for so long there is anything to correct.
        late = and_(batch.holds(Event.received_at), Event.time < until - GRACE)
        if session.scalar(select(exists().where(late))):
            spans = _judged_spans(session, judging) if spans is None else spans
            written = sum(_came_true(session, late, span, judging, moment) for span in spans)
        after = batch.last
        through.received_through = after or moment - _OVERLAP
    return written


def _looked_through(session: Session, judging: Judging, moment: datetime) -> Settled | None:
    """Through when late events have been looked at, locked; None where another worker looks."""
    key = Settled.compartment == judging.compartment
    query = select(Settled).where(key).with_for_update(skip_locked=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        # Whatever was received before then was there when the first period was judged.
        start = {"compartment": judging.compartment, "received_through": moment - _OVERLAP}
        insert_missing(session, Settled, start)
    return found


class _Span(NamedTuple):
    """When periods were that have been judged, of those that are judged alike."""

    judged_by: str | None
    first: datetime
    last: datetime


def _judged_spans(session: Session, judging: Judging) -> list[_Span]:
    query = (
        select(
            PredictedPeriod.judged_by,
            func.min(PredictedPeriod.starts_at),
            func.max(PredictedPeriod.ends_at),
        )
        .where(PredictedPeriod.compartment == judging.compartment, PredictedPeriod.due_at.is_(None))
        .group_by(PredictedPeriod.judged_by)
    )
    return [_Span(*row) for row in session.execute(query)]


def _came_true(
    session: Session, late: ColumnElement[bool], span: _Span, judging: Judging, moment: datetime
) -> int:
    """Have predictions come true by late events, and return how many did."""
    said, outcome, written = judging.predictions, judging.outcomes, 0
    condition = judging.condition(session, span.judged_by)
    within = and_(Event.time >= span.first, Event.time < span.last)
    for case_ in condition.cases:
        values = [one.label(f"did_{place}") for place, one in enumerate(case_.did)]
        done = (
            select(Event.source, Event.customer, Event.time, *values)
            .where(late, within, condition.events, *_known(case_))
            .distinct()
            .cte("done")
            # Properties are read once for each event, not for each prediction.
            .prefix_with("MATERIALIZED")
        )
        same = (one == done.c[f"did_{place}"] for place, one in enumerate(case_.said))
        of_customer = and_(
            done.c.source == said.source,
            done.c.customer == said.customer,
            done.c.time >= said.starts_at,
            done.c.time < said.ends_at,
        )
        query = (
            select(outcome.id)
            .join(said, said.id == outcome.id)
            .join(done, and_(of_customer, *same))
            .join(
                PredictedPeriod,
                and_(
                    PredictedPeriod.request_id == said.request_id,
                    PredictedPeriod.source == said.source,
                ),
            )
            .where(
                outcome.target == 0,
                case_.rows,
                PredictedPeriod.compartment == judging.compartment,
                PredictedPeriod.judged_by.is_not_distinct_from(span.judged_by),
            )
            .distinct()
        )
        written += _set(session, outcome, sorted(session.scalars(query)), moment)
    return written


def _set(session: Session, outcome: Any, ids: Sequence[Any], moment: datetime) -> int:
    for start in range(0, len(ids), _CHUNK):
        session.execute(
            update(outcome)
            .where(outcome.id.in_(ids[start : start + _CHUNK]))
            .values(target=1.0, changed_at=moment)
            .execution_options(synchronize_session=False)
        )
    return len(ids)


def _known(case_: Case) -> list[ColumnElement[bool]]:
    return [one.is_not(None) for one in case_.did]
