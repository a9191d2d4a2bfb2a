"""What was loaded, out of the database and into columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from valuebox.compartments.handle.book import (
    DAY,
    NEVER,
    Bets,
    Book,
    Matches,
    Moments,
    Users,
    added,
    keys,
    once,
)
from valuebox.compartments.handle.tables import HandleBet, HandleLoad, HandleMatch, HandleUser
from valuebox.facts.clock import aware, moment

_EPOCH: Final = np.datetime64("1970-01-01T00:00:00", "s")
_TEXTS: Final = ("home", "away", "home_place", "away_place", "slot")


def second(when: datetime) -> np.datetime64:
    """A moment as books hold it."""
    found: np.datetime64 = moment(when).astype("datetime64[s]")
    return found


def told(when: np.datetime64) -> datetime:
    """A moment of a book, as answers hold it."""
    return aware(when)


def newest_load(session: Session) -> tuple[datetime | None, int]:
    """When the newest load began, and how many there are; both change with every load."""
    query = select(func.max(HandleLoad.loaded_at), func.count(HandleLoad.id))
    newest, count = session.execute(query).one()
    return newest, count


def loads_to(session: Session, when: datetime) -> datetime | None:
    """When the newest load began that was there at a moment."""
    found = select(func.max(HandleLoad.loaded_at)).where(HandleLoad.loaded_at <= when)
    return session.scalar(found)


def slots(session: Session) -> list[tuple[str, datetime]]:
    """The slot of each match that is known, and when it begins."""
    table = HandleMatch
    query = select(table.slot, table.kickoff).where(table.replaced_at.is_(None))
    return [(slot, kickoff) for slot, kickoff in session.execute(query)]


def read_book(session: Session) -> Book:
    """All that was ever loaded; bets come added up by hour, so that hundreds of thousands do."""
    return Book(_matches(session), _users(session), _bets(session))


def also_known(session: Session, first: datetime, last: datetime) -> Mapping[str, str]:
    """Other ids of matches that begin between two moments, and the one that each is known by."""
    table = HandleMatch
    begins = table.id.in_(select(table.id).where(table.kickoff.between(first, last)))
    return known_matches(session, begins)[1]


def known_matches(session: Session, *only: Any) -> tuple[Matches, Mapping[str, str]]:
    """The matches that are known now, each once, and other ids of some; see `once`."""
    matches = _matches(session, *only)
    return once(matches.as_of(NEVER - DAY), matches.first)


def _matches(session: Session, *only: Any) -> Matches:
    table = HandleMatch
    names = ("season", "week", *_TEXTS)
    query = select(
        *(table.loaded_at, table.replaced_at, table.id, table.kickoff),
        *(getattr(table, name) for name in names),
    )
    query = query.where(*only).order_by(table.kickoff, table.id, table.loaded_at)
    loaded, replaced, ids, kickoff, *rest = _columns(session.execute(query).all(), 11)
    by_name = dict(zip(names, rest, strict=True))
    texts = {name: _objects(by_name[name]) for name in _TEXTS}
    return Matches(
        loaded_at=_moments(loaded),
        replaced_at=_moments(replaced),
        id=_objects(ids),
        kickoff=_moments(kickoff),
        season=np.array(by_name["season"], dtype=np.int64),
        week=np.array(by_name["week"], dtype=np.int64),
        **texts,
    )


def _users(session: Session) -> Users:
    table = HandleUser
    by = (table.loaded_at, table.replaced_at, table.place, table.registered_hour)
    query = select(*by, func.count()).group_by(*by).order_by(*by)
    loaded, replaced, place, hour, count = _columns(session.execute(query).all(), 5)
    return Users(
        *(_moments(loaded), _moments(replaced), keys(place), _hours(hour)),
        np.array(count, dtype=np.float64),
    )


def _bets(session: Session) -> Bets:
    table = HandleBet
    by = (table.loaded_at, table.replaced_at, table.match_id, table.placed_hour)
    own = case((table.counts, table.amount), else_=0.0)
    sums = (
        *(func.sum(own), func.sum(table.amount), func.sum(case((table.counts, 1), else_=0))),
        func.sum(own * own),
    )
    query = select(*by, *sums).group_by(*by).order_by(*by)
    loaded, replaced, match, hour, *amounts = _columns(session.execute(query).all(), 8)
    return Bets(
        *(_moments(loaded), _moments(replaced), keys(match), _hours(hour)),
        # Databases, too, add in whichever order.
        *(added(one) for one in amounts),
    )


def _columns(rows: Sequence[Any], count: int) -> list[Any]:
    return list(zip(*rows, strict=True)) if rows else [()] * count


def _objects(values: Any) -> Any:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _moments(values: Any) -> Moments:
    known: dict[datetime | None, np.datetime64] = {None: NEVER}
    for one in values:
        if one not in known:
            known[one] = second(one)
    return np.array([known[one] for one in values], dtype="datetime64[s]")


def _hours(values: Any) -> Moments:
    hours = np.array(values, dtype=np.int64)
    found: Moments = _EPOCH + hours * np.timedelta64(1, "h")
    return found
