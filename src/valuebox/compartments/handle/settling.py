"""What became of forecasts: the handle of matches that are over, as the newest load has it.

A handle that a later load revises is written anew; what it was found to be before is kept.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session

from valuebox.compartments.handle.reading import newest_load
from valuebox.compartments.handle.tables import (
    HandleBet,
    HandleOutcome,
    HandlePrediction,
    HandleRevision,
)
from valuebox.store.clock import CLOCK
from valuebox.store.upsert import columns_of_new, insert_missing, upsert

OVER: Final = timedelta(hours=4)
"""How long after its start a match takes no more bets."""
_PATIENCE: Final = timedelta(days=3)
"""How long after a match its bets that are still open are waited for."""
_REVISED: Final = timedelta(days=60)
"""How long after a match its handle is looked at again."""
_OPEN: Final = ("open", "pending", "placed", "accepted")
_MOST: Final = 500


def settle(session: Session, until: datetime) -> int:
    """Write the handle of foretold matches that are over, and revise those that changed.

    Args:
        session: Of a transaction.
        until: Not looked at: what is known is as of the newest load.

    Returns:
        How many outcomes are new or another one.
    """
    newest, _ = newest_load(session)
    if newest is None:
        return 0
    matches = _due(session, newest)
    if not matches:
        return 0
    bet = HandleBet
    own = func.coalesce(func.sum(case((bet.counts, bet.amount), else_=0.0)), 0.0)
    is_open = func.sum(case((bet.counts & bet.state.in_(_OPEN), 1), else_=0))
    query = (
        select(bet.match_id, own, is_open)
        .where(bet.match_id.in_(list(matches)), bet.replaced_at.is_(None))
        .group_by(bet.match_id)
    )
    found = {one: (target, count) for one, target, count in session.execute(query)}
    known = dict(
        session.execute(
            select(HandleOutcome.match_id, HandleOutcome.target).where(
                HandleOutcome.match_id.in_(list(matches))
            )
        ).all()
    )
    now, written = CLOCK.moment(), 0
    for one in sorted(matches):
        target, count = found.get(one, (0.0, 0))
        if count and newest < matches[one] + _PATIENCE:
            continue
        # Databases add in whichever order, which the last digits of a sum tell.
        row = {
            **{"match_id": one, "target": round(float(target), 2), "first_reported_at": now},
            **{"changed_at": now, "loaded_to": newest},
        }
        is_new = known.get(one) != row["target"]
        changing = ("target", "changed_at", "loaded_to") if is_new else ("loaded_to",)
        upsert(session, HandleOutcome, row, columns_of_new(*changing))
        if is_new:
            revision = {"match_id": one, "found_at": now, "target": row["target"]}
            insert_missing(session, HandleRevision, revision)
            written += 1
    return written


def _due(session: Session, newest: datetime) -> dict[str, datetime]:
    """When each match begins that has to be looked at."""
    said = HandlePrediction
    looked_at = exists().where(
        HandleOutcome.match_id == said.match_id, HandleOutcome.loaded_to >= newest
    )
    query = (
        select(said.match_id, func.max(said.kickoff))
        .where(said.kickoff < newest - OVER, said.kickoff > newest - _REVISED, ~looked_at)
        .group_by(said.match_id)
        .limit(_MOST)
    )
    return {match: kickoff for match, kickoff in session.execute(query)}  # noqa: C416


def revisions(session: Session, match: str) -> int:
    """How often the handle of a match was found to be another one than before."""
    query = select(func.count()).where(HandleRevision.match_id == match)
    return max((session.scalar(query) or 0) - 1, 0)
