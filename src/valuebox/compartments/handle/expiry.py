"""How rows of this compartment that have been kept for long enough are found and deleted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import InstrumentedAttribute, Session

from valuebox.compartments.handle.tables import (
    HandleAsking,
    HandleBet,
    HandleLoad,
    HandleMatch,
    HandleOutcome,
    HandlePrediction,
    HandleRevision,
    HandleUser,
)
from valuebox.store.ids import first_id
from valuebox.store.pruning import Pruned, deleted, next_batch, prune_unneeded


def prune_forecasts(session: Session, before: datetime, after: UUID | None = None) -> Pruned:
    """Delete the first vintages that were made before a moment, with what was known then."""
    batch = next_batch(session, HandlePrediction.id, first_id(before), after)
    count = deleted(session, HandlePrediction, batch.holds(HandlePrediction.id))
    return Pruned({"forecasts": count}, batch.last)


def prune_askings(session: Session, before: datetime, after: UUID | None = None) -> Pruned:
    """Delete the first requests for forecasts that came before a moment."""
    batch = next_batch(session, HandleAsking.id, first_id(before), after)
    count = deleted(session, HandleAsking, batch.holds(HandleAsking.id))
    return Pruned({"requests": count}, batch.last)


def prune_outcomes(session: Session, before: datetime, after: str | None = None) -> Pruned:
    """Delete, of the next outcomes by match, those that are old and were not foretold any more."""
    key, needing = HandleOutcome.match_id, HandlePrediction.match_id
    found = prune_unneeded(session, key, needing, "handles", before, after)
    if found.last is None:
        gone = HandleRevision.match_id.not_in(session.query(HandleOutcome.match_id))
        deleted(session, HandleRevision, gone & (HandleRevision.found_at < before))
    return found


def prune_loaded(session: Session, before: datetime, after: Any = None) -> Pruned:
    """Delete bets that were placed before a moment, and what else was loaded only for these.

    Matches go with their bets; users who registered before it, too. Nobody learns from either any
    more: a model learns from the years that are kept.
    """
    bets = _first(session, HandleBet, HandleBet.placed_at, before)
    matches = _first(session, HandleMatch, HandleMatch.kickoff, before)
    users = _first(session, HandleUser, HandleUser.registered_at, before)
    loads = _first(session, HandleLoad, HandleLoad.loaded_at, before)
    counts = {"bets": bets, "matches": matches, "users": users, "loads": loads}
    return Pruned(counts, before if max(counts.values()) >= _BATCH else None)


_BATCH = 5_000


def _first(
    session: Session, table: type[Any], moment: InstrumentedAttribute[datetime], before: datetime
) -> int:
    """Delete some of the rows of a moment before another one, and say how many."""
    key = table.id
    some = session.query(key).where(moment < before).order_by(key).limit(_BATCH)
    return deleted(session, table, key.in_([one for (one,) in some]) & (moment < before))
