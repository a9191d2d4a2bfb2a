"""What became of forecasts: the handle of matches that are over, as the newest load has it.

A handle that a later load revises is written anew; what it was found to be before is kept.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session

from valuebox.compartments.handle.reading import also_known, newest_load
from valuebox.compartments.handle.tables import (
    HandleBet,
    HandleMatch,
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
OPEN: Final = ("open", "pending", "placed", "accepted")
"""States of bets whose match is still to come, or to be settled."""
_MOST: Final = 500


class Settled(NamedTuple):
    """The handle of a match that is over."""

    match: str
    handle: float
    before: float | None
    """Handle that was found before; None where none was."""


def settle(session: Session, until: datetime) -> int:
    """Write the handle of foretold matches that are over, and revise those that changed.

    Args:
        session: Of a transaction.
        until: Not looked at: what is known is as of the newest load.

    Returns:
        How many outcomes are new or another one.
    """
    return len(settled(session))


def settled(session: Session) -> list[Settled]:
    """What `settle` writes: outcomes that are new or another one, of at most 500 matches a time.

    Args:
        session: Of a transaction.
    """
    newest, _ = newest_load(session)
    matches = _due(session, newest) if newest else {}
    if newest is None or not matches:
        return []
    ids = ids_of(session, matches)
    every = [id_ for of_one in ids.values() for id_ in of_one]
    found, moved = _bets(session, every), _kickoffs(session, every)
    known = dict(
        session.execute(
            select(HandleOutcome.match_id, HandleOutcome.target).where(
                HandleOutcome.match_id.in_(list(matches))
            )
        ).all()
    )
    now, written = CLOCK.moment(), []
    for one in sorted(matches):
        of_one = [found.get(id_, (0.0, 0)) for id_ in ids[one]]
        target, count = (sum(values) for values in zip(*of_one, strict=True))
        # The match may have been put off since it was forecast.
        begins = max([moved[id_] for id_ in ids[one] if id_ in moved], default=matches[one])
        if begins >= newest - OVER or (count and newest < begins + _PATIENCE):
            continue
        # Databases add in whichever order, which the last digits of a sum tell.
        handle = round(float(target), 2)
        row = {
            **{"match_id": one, "target": handle, "first_reported_at": now},
            **{"changed_at": now, "loaded_to": newest},
        }
        is_new = known.get(one) != handle
        changing = ("target", "changed_at", "loaded_to") if is_new else ("loaded_to",)
        upsert(session, HandleOutcome, row, columns_of_new(*changing))
        if is_new:
            revision = {"match_id": one, "found_at": now, "target": handle}
            insert_missing(session, HandleRevision, revision)
            written.append(Settled(one, handle, known.get(one)))
    return written


def _bets(session: Session, ids: Sequence[str]) -> dict[str, tuple[float, int]]:
    """Handle by id of a match, and how many bets on it are open."""
    bet = HandleBet
    own = func.coalesce(func.sum(case((bet.counts, bet.amount), else_=0.0)), 0.0)
    is_open = func.sum(case((bet.counts & bet.state.in_(OPEN), 1), else_=0))
    query = (
        select(bet.match_id, own, is_open)
        .where(bet.match_id.in_(ids), bet.replaced_at.is_(None))
        .group_by(bet.match_id)
    )
    return {one: (float(handle), int(count)) for one, handle, count in session.execute(query)}


def _kickoffs(session: Session, ids: Sequence[str]) -> dict[str, datetime]:
    """When matches begin, as the newest load has them."""
    match = HandleMatch
    query = select(match.id, match.kickoff).where(match.id.in_(ids), match.replaced_at.is_(None))
    return {one: kickoff for one, kickoff in session.execute(query)}  # noqa: C416


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


def ids_of(session: Session, matches: Mapping[str, datetime]) -> dict[str, set[str]]:
    """All ids of some matches: a match may have been entered again.

    Args:
        session: Reads.
        matches: When each match begins, by one of its ids.
    """
    around = timedelta(days=3)
    first, last = min(matches.values()) - around, max(matches.values()) + around
    also = also_known(session, first, last)
    of_ours: dict[str, set[str]] = {}
    for theirs, ours in also.items():
        of_ours.setdefault(ours, {ours}).add(theirs)
    return {one: of_ours.get(also.get(one, one), {one}) for one in matches}


def revisions(session: Session, ids: Collection[str]) -> int:
    """How often the handle of a match, of these ids, was found to be another one than before."""
    found = HandleRevision.match_id
    query = select(func.count()).where(found.in_(ids)).group_by(found)
    return max((count - 1 for count in session.scalars(query)), default=0)
