"""What came of decisions, written once their weeks have passed, and anew where it changes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from valuebox.compartments.offers.decisions import WEEK, Decisions
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.tables import OfferDecision, OfferOutcome
from valuebox.store.clock import CLOCK
from valuebox.store.staging import POSITION, staged
from valuebox.store.upsert import columns_of_new, upsert
from valuebox.store.writing import Rows, table_of

GRACE: Final = timedelta(days=1)
"""How long after its week a decision is judged: events of the last day may come late."""
_A_WEEK: Final = timedelta(microseconds=WEEK)
_AGAIN: Final = timedelta(days=14)
"""How long after a decision late events may still change what came of it."""
_MOST: Final = 5_000
_AT_ONCE: Final = 20_000
"""Outcomes that are written together: what a statement may take is bounded."""
_OUTCOME: Final = table_of(OfferOutcome).c
_FOUND: Final = ("shown", "own", "rest", "target")


def settle(session: Session, until: datetime) -> int:
    """Write what came of decisions whose week has passed.

    Args:
        session: Of a transaction, in which a batch is written.
        until: Now, or an earlier moment that is looked back at.

    Returns:
        How many decisions were judged; 0 where there is nothing to do.
    """
    due = until - _A_WEEK - GRACE
    outcome = exists().where(OfferOutcome.id == OfferDecision.id)
    # In a world of another month, its events may still be on their way.
    condition = and_(OfferDecision.at < due, OfferDecision.decided_at < due, ~outcome)
    ids = session.scalars(
        select(OfferDecision.id)
        .where(condition, OfferDecision.choice.is_not(None))
        .order_by(OfferDecision.id)
        .limit(_MOST)
    ).all()
    if not ids:
        return 0
    found = read(session.connection(), until, _among(ids))
    return write_outcomes(session, _uuids(found.ids), found.decisions)


def settle_known(
    session: Session, ids: NDArray[np.bytes_], decisions: Decisions, until: datetime
) -> int:
    """Write what came of decisions that were read, where it is known by a moment and not written.

    Args:
        session: Of a transaction.
        ids: Of the decisions, in hexadecimal digits.
        decisions: In the same order.
        until: Moment by which their weeks have to have passed.
    """
    now = round(until.timestamp() * 1e6)
    age = now - decisions.time
    due = WEEK + GRACE // timedelta(microseconds=1)
    chosen = np.flatnonzero((age > due) & (age <= due + _AGAIN // timedelta(microseconds=1)))
    return write_outcomes(session, _uuids(ids[chosen]), decisions.where(chosen))


def write_outcomes(session: Session, ids: Sequence[UUID], decisions: Decisions) -> int:
    """Write what came of decisions, each that is new or has changed; return how many there were."""
    found = {
        "id": np.array(ids, dtype=object),
        "shown": decisions.shown,
        "own": decisions.own,
        "rest": decisions.rest,
        "target": (decisions.own > 0).astype(np.float64),
    }
    # Every transaction goes by the same order, so that two with the same decisions cannot deadlock.
    order = np.argsort(found["id"])
    for start in range(0, len(order), _AT_ONCE):
        rows = order[start : start + _AT_ONCE]
        _put(session, {name: column[rows] for name, column in found.items()})
    return len(order)


def _put(session: Session, found: dict[str, NDArray[Any]]) -> None:
    now = CLOCK.moment().astimezone(UTC)
    columns = {**found, "id": found["id"].tolist(), "changed_at": now}
    with staged(session, Rows(OfferOutcome, len(found["id"]), columns)) as new:
        is_known = exists().where(
            _OUTCOME.id == new.c.id,
            *(_OUTCOME[name].is_not_distinct_from(new.c[name]) for name in _FOUND),
        )
        query = select(*(new.c[name] for name in columns)).where(~is_known)
        in_order = query.order_by(new.c[POSITION])
        upsert(session, OfferOutcome, in_order, columns_of_new(*_FOUND, "changed_at"))


def _uuids(ids: NDArray[np.bytes_]) -> list[UUID]:
    return [UUID(one.decode()) for one in ids.tolist()]


def _among(ids: Sequence[UUID]) -> ColumnElement[bool]:
    return OfferDecision.id.in_(ids)
