"""What became of predictions that are about a period: written when it has ended, from its events.

Whoever stores such predictions notes the period of each request and source (`periods`). A period is
judged once it has been over for `GRACE`, unless its source was not watched for all of it. Events
that come even later correct what was written.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from valuebox.facts.tables import Event
from valuebox.facts.windows import slack
from valuebox.predictions.periods import Period, Settled
from valuebox.store.base import UtcDateTime
from valuebox.store.clock import now
from valuebox.store.pruning import next_batch
from valuebox.store.staging import insert_into

if TYPE_CHECKING:
    from uuid import UUID

GRACE: Final = timedelta(days=2)
"""How long after the end of a period it is judged: its last day may come with the import of the
following night, and that may fail once."""
_AGAIN: Final = timedelta(days=1)
"""After that a period is looked at again whose source was not watched for all of it."""
_OVERLAP: Final = timedelta(seconds=60)
"""Events received so lately are looked at again: others of the same moment may still arrive."""
_PERIODS: Final = 200
"""Periods that are locked at a time."""
_ROWS: Final = 20_000
"""Predictions that are judged at a time, or those of one period."""
_BATCHES: Final = 100
"""Batches of late events that are looked through in one transaction."""
_CHUNK: Final = 5_000


class Condition(NamedTuple):
    """How predictions are told from each other that came true, and that did not."""

    rows: ColumnElement[bool]
    """Which predictions can be judged."""
    event: ColumnElement[bool]
    """Whether an event, of the customer and within the period, is what was predicted."""


@dataclass(frozen=True)
class Judging:
    """How the predictions of a compartment are judged by events."""

    compartment: str
    predictions: type[Any]
    """Mapped class with `id`, `request_id`, `source`, `customer`, `starts_at` and `ends_at`."""
    outcomes: type[Any]
    """Mapped class with `id`, of the prediction, `target`, 1.0 or 0.0, and `changed_at`."""
    condition: Callable[[Session, str | None], Condition]
    """Function that says, by the `told` of a period, how `predictions` and `Event` go together."""


def settle(session: Session, until: datetime, judging: Judging) -> int:
    """Write what became of predictions whose period is over, and correct it by late events.

    Several workers may do so at the same time: each takes periods that no other has.

    Args:
        session: Of a transaction, in which a batch is written.
        until: Now, or an earlier moment that is looked back at; no later event is looked at.
        judging: Which predictions, and how.

    Returns:
        How many rows were written; where none were, there is nothing to do.
    """
    moment = now(session)
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
    return written


def _due(session: Session, until: datetime, judging: Judging) -> list[Period]:
    """Periods that are to be judged now, of not too many predictions; locked."""
    query = (
        select(Period)
        .where(Period.compartment == judging.compartment, Period.due_at <= until - GRACE)
        .order_by(Period.due_at)
        .limit(_PERIODS)
        .with_for_update(skip_locked=True)
    )
    found: list[Period] = []
    rows = 0
    for period in session.scalars(query).all():
        if found and rows + period.predictions > _ROWS:
            break
        found.append(period)
        rows += period.predictions
    return found


def _watched(session: Session, periods: Iterable[Period], until: datetime) -> list[Period]:
    """Periods for all of which their source was watched, as `facts.windows.there` has it."""
    spans: dict[str, tuple[datetime | None, datetime | None]] = {}
    found = []
    for period in periods:
        if period.source not in spans:
            theirs = select(Event.time).where(
                Event.source == period.source, Event.customer.is_not(None), Event.time < until
            )
            first = session.scalar(theirs.order_by(Event.time).limit(1))
            last = session.scalar(theirs.order_by(Event.time.desc()).limit(1))
            spans[period.source] = first, last
        first, last = spans[period.source]
        quiet = slack((period.ends_at - period.starts_at).days) / np.timedelta64(1, "h")
        end = period.ends_at - timedelta(hours=quiet)
        if first is not None and last is not None and first < period.starts_at and last >= end:
            found.append(period)
    return found


def _judge(session: Session, periods: Iterable[Period], judging: Judging, moment: datetime) -> int:
    """Write the outcomes of these periods' predictions, and return how many there were."""
    by_told: dict[str | None, list[tuple[UUID, str]]] = {}
    for period in periods:
        by_told.setdefault(period.told, []).append((period.request_id, period.source))
    said, written = judging.predictions, 0
    for told, keys in by_told.items():
        condition = judging.condition(session, told)
        came = exists().where(*_of_customer(said), condition.event)
        query = (
            select(said.id, case((came, 1.0), else_=0.0), literal(moment, UtcDateTime()))
            .where(tuple_(said.request_id, said.source).in_(keys), condition.rows)
            # What somebody is deleting at this moment needs no outcome, and could not have one.
            .with_for_update(read=True, key_share=True, skip_locked=True)
        )
        statement = (
            insert_into(session, judging.outcomes)
            .from_select(["id", "target", "changed_at"], query)
            .on_conflict_do_nothing(index_elements=["id"])
        )
        written += session.execute(statement).rowcount  # type: ignore[attr-defined]
    return written


def _correct(session: Session, until: datetime, judging: Judging, moment: datetime) -> int:
    """Have predictions come true by events that were received after these had been judged."""
    through = _looked_through(session, judging, moment)
    if through is None:
        return 0
    tolds: Sequence[str | None] | None = None
    written = 0
    after: datetime | None = through.received_through
    for _ in range(_BATCHES):
        batch = next_batch(session, Event.received_at, None, after)
        # Only of periods that have been over for so long there is anything to correct.
        late = and_(batch.holds(Event.received_at), Event.time < until - GRACE)
        if session.scalar(select(exists().where(late))):
            if tolds is None:
                tolds = _tolds(session, judging)
            written += _came_true(session, late, tolds, judging, moment)
        after = batch.last
        through.received_through = after or moment - _OVERLAP
        if written or after is None:
            break
    return written


def _looked_through(session: Session, judging: Judging, moment: datetime) -> Settled | None:
    """Through when late events have been looked at, locked; None where another worker looks."""
    key = Settled.compartment == judging.compartment
    query = select(Settled).where(key).with_for_update(skip_locked=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        # Whatever was received before then was there when the first period was judged.
        start = {"compartment": judging.compartment, "received_through": moment - _OVERLAP}
        statement = insert_into(session, Settled).values(start)
        session.execute(statement.on_conflict_do_nothing(index_elements=["compartment"]))
    return found


def _tolds(session: Session, judging: Judging) -> Sequence[str | None]:
    of_compartment = Period.compartment == judging.compartment
    return session.scalars(select(Period.told).where(of_compartment).distinct()).all()


def _came_true(
    session: Session,
    late: ColumnElement[bool],
    tolds: Sequence[str | None],
    judging: Judging,
    moment: datetime,
) -> int:
    said, outcome = judging.predictions, judging.outcomes
    written = 0
    for told in tolds:
        condition = judging.condition(session, told)
        query = (
            select(outcome.id)
            .join(said, said.id == outcome.id)
            .join(Event, and_(*_of_customer(said)))
            .join(Period, _of_period(said))
            .where(
                late,
                outcome.target == 0,
                Period.compartment == judging.compartment,
                Period.told.is_not_distinct_from(told),
                condition.rows,
                condition.event,
            )
            .distinct()
        )
        ids = sorted(session.scalars(query))
        for start in range(0, len(ids), _CHUNK):
            session.execute(
                update(outcome)
                .where(outcome.id.in_(ids[start : start + _CHUNK]))
                .values(target=1.0, changed_at=moment)
                .execution_options(synchronize_session=False)
            )
        written += len(ids)
    return written


def _of_customer(said: Any) -> tuple[ColumnElement[bool], ...]:
    """Events of the customer, and within the period, of a prediction."""
    return (
        Event.source == said.source,
        Event.customer == said.customer,
        Event.time >= said.starts_at,
        Event.time < said.ends_at,
    )


def _of_period(said: Any) -> ColumnElement[bool]:
    return and_(Period.request_id == said.request_id, Period.source == said.source)
