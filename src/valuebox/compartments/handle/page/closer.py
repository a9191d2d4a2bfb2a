"""A match looked at closer: its vintages, and its bets so far beside the foretold curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from valuebox.compartments.handle.curve import DRAWN, Curve, share_at
from valuebox.compartments.handle.page.week import Match
from valuebox.compartments.handle.schemas import cents
from valuebox.compartments.handle.tables import HandleBet, HandleFeatures, HandlePrediction

_MOST: Final = 500
"""Vintages that are shown at most: the newest."""
_HOUR: Final = 3600
_DAY: Final = 24


@dataclass(frozen=True)
class Vintage:
    """A forecast as it was once made."""

    asked_at: datetime
    loaded_to: datetime
    predicted: float
    lower: float
    upper: float
    known: float
    model: str


@dataclass(frozen=True)
class Point:
    """Bets by some hours before the match, as they came and as they were foretold."""

    lead: int
    bets: float | None
    """Handle of the bets that had come by then; None while it is not known, or of few more bets."""
    first: float | None
    """What the first vintage foretold; None where its curve was not stored."""
    newest: float | None
    """What the newest vintage foretells; None of what it knew already."""
    lower: float | None
    upper: float | None

    @property
    def before(self) -> str:
        """How long before the match, in words."""
        return spelt(self.lead)


class _End(NamedTuple):
    """The first or the newest vintage of a match, with the curve that it foretold."""

    predicted: float
    lower: float
    upper: float
    known: float
    loaded_to: datetime
    lead: float
    curve: Curve


def spelt(lead: int) -> str:
    """How long before a match, or after its beginning: 2 d 12 h, kick-off, 2 h after."""
    if lead == 0:
        return "kick-off"
    days, hours = divmod(abs(lead), _DAY)
    parts = [f"{days} d"] * bool(days) + [f"{hours} h"] * bool(hours)
    return " ".join((*parts, *(("after",) if lead < 0 else ())))


def vintages(session: Session, match: str) -> list[Vintage]:
    """The vintages of a match, the oldest first."""
    said = HandlePrediction
    columns = (said.asked_at, said.loaded_to, said.prediction, said.lower, said.upper)
    query = select(*columns, said.known, said.model).where(said.match_id == match)
    found = session.execute(query.order_by(said.id.desc()).limit(_MOST))
    newest_first = [
        Vintage(asked_at, loaded_to, cents(mean), cents(low), cents(high), cents(known), model)
        for asked_at, loaded_to, mean, low, high, known, model in found
    ]
    return newest_first[::-1]


def points(session: Session, match: Match, loaded_to: datetime, least: int) -> list[Point]:
    """Bets by the hour beside what the first and the newest vintage foretold.

    Args:
        session: Of the database.
        match: The match.
        loaded_to: When the newest load began.
        least: Of how many more bets the next sum is told.

    Returns:
        Points from long before the match to its end; none where no curve was stored.
    """
    said = HandlePrediction
    of_match = (
        select(said, HandleFeatures.known)
        .join(HandleFeatures, HandleFeatures.id == said.id)
        .where(said.match_id == match.id)
        .limit(1)
    )
    first = _end(session, of_match.order_by(said.id))
    newest = _end(session, of_match.order_by(said.id.desc()))
    if newest is None:
        return []
    # Loads that have come since then know more.
    known_to = newest.lead - (loaded_to - newest.loaded_to).total_seconds() / _HOUR
    leads = sorted({*DRAWN, max(ceil(newest.lead), DRAWN[-1])}, reverse=True)
    bets = _bets(session, match, [one for one in leads if one >= known_to], least)
    return [
        Point(
            lead,
            bets.get(lead),
            None if first is None else cents(first.predicted * share_at(first.curve, lead)),
            *_still(newest, lead),
        )
        for lead in leads
    ]


def _end(session: Session, query: Select[Any]) -> _End | None:
    found = session.execute(query).first()
    if found is None or "curve" not in found[1]:
        return None
    said, known = found
    curve = [(int(lead), float(share)) for lead, share in known["curve"]]
    ends = (said.prediction, said.lower, said.upper, said.known)
    return _End(*ends, said.loaded_to, float(known["lead_hours"]), curve)


def _still(newest: _End, lead: int) -> tuple[float | None, float | None, float | None]:
    """What is foretold by a lead, with both ends, of what was not known yet."""
    if lead > ceil(newest.lead) or newest.lead < DRAWN[-1]:
        return None, None, None
    begin, end = share_at(newest.curve, newest.lead), newest.curve[-1][1]
    part = (share_at(newest.curve, lead) - begin) / (end - begin) if end > begin else 1.0
    part = min(max(part, 0.0), 1.0)
    forecast, lower, upper = (
        cents(newest.known + (value - newest.known) * part)
        for value in (newest.predicted, newest.lower, newest.upper)
    )
    return forecast, lower, upper


def _bets(session: Session, match: Match, leads: Sequence[int], least: int) -> Mapping[int, float]:
    """Handle of the bets that had come by each lead, where enough came since the one before."""
    bet = HandleBet
    own = (bet.match_id.in_(match.ids), bet.replaced_at.is_(None), bet.counts)
    query = select(bet.placed_hour, func.sum(bet.amount), func.count()).where(*own)
    by_hour = session.execute(query.group_by(bet.placed_hour)).all()
    begins = match.kickoff.timestamp() / _HOUR
    found: dict[int, float] = {}
    told = 0
    for lead in leads:
        # The bets of an hour are there when it is over.
        some = [row for row in by_hour if row[0] + 1 <= begins - lead]
        count = sum(row[2] for row in some)
        if count - told >= least:
            found[lead], told = cents(sum(row[1] for row in some)), count
    return found
