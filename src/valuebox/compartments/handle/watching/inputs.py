"""Whether what forecasts are made of is what it was: the feed, nightly loads, users, matches."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session, aliased

from valuebox.compartments.handle.tables import (
    HandleAsking,
    HandleBet,
    HandleLoad,
    HandleMatch,
    HandleUser,
)
from valuebox.compartments.handle.watching.signals import Signal, of_share
from valuebox.compartments.handle.weighing import UNKNOWN_TEAMS

_LATE: Final = timedelta(days=7)
"""What is late is compared with what was before."""
_ASKINGS: Final = 2_000
"""Requests of late that are looked at, at most."""
_FAILING: Final = 0.05
"""Share of hours in which a feed may fail that is no finding."""
_PLACELESS: Final = 1.5
"""By how much the share of users without a place may grow that is no finding."""
_UNMATCHED: Final = 0.005
"""Share of bets whose match is not known that is no finding."""
_THIN: Final = 0.1
"""Share of the usual bets of a night below which a load is thin."""
_NIGHTS: Final = 2
"""Thin nights one after another that are evidence."""


def inputs(session: Session) -> Iterator[Signal]:
    """What is tested of the inputs of the last week."""
    yield from _feed(session)
    load = HandleLoad.loaded_at
    # What one moment brought may have come in several parts, or once more.
    query = select(load, func.sum(HandleLoad.bets)).group_by(load).order_by(load)
    loads = [_Night(at, int(bets)) for at, bets in session.execute(query)]
    if len(loads) > 1:
        yield from _volume(session, loads)
        yield from _placeless(session, loads[-1].loaded_at)
    yield from _unmatched(session)


class _Night(NamedTuple):
    loaded_at: datetime
    bets: int
    """New bets, or new versions of bets."""


def _feed(session: Session) -> Iterator[Signal]:
    """In how many hours the feed was not used, and in how many it told of unknown teams."""
    asking = HandleAsking
    newest = session.scalar(select(func.max(asking.asked_at)))
    if newest is None:
        return
    query = select(asking.asked_at, asking.answer).where(asking.asked_at > newest - _LATE)
    # Requests of an hour meet the same feed, and know as much as one.
    hours: dict[datetime, dict[str, Any]] = {}
    for asked_at, answer in session.execute(query.order_by(asking.id.desc()).limit(_ASKINGS)):
        for one in answer["sources"]:
            if one["name"] == "feed":
                hours.setdefault(asked_at.replace(minute=0, second=0, microsecond=0), one)
    if hours:
        failed = sum(one["state"] != "used" for one in hours.values())
        unknown = sum(any(UNKNOWN_TEAMS in note for note in one["notes"]) for one in hours.values())
        yield of_share("hours without the feed", failed, len(hours), _FAILING)
        yield of_share("hours with unknown teams", unknown, len(hours), _FAILING)


def _volume(session: Session, loads: Sequence[_Night]) -> Iterator[Signal]:
    """How many of the last loads brought hardly any bets, though matches were near."""
    begin = sorted(session.scalars(select(HandleMatch.kickoff)))
    nights = [one for one in loads[1:] if _is_any_near(begin, one.loaded_at)]
    if len(nights) < 2 * _NIGHTS:
        return
    counts = [one.bets for one in nights]
    usual = float(np.median(counts[:-_NIGHTS]))
    thin = 0
    for count in reversed(counts):
        if count >= _THIN * usual:
            break
        thin += 1
    # More than one, for a load that comes a day late is thin and then twice as large.
    yield Signal("thin loads", float(thin), _NIGHTS - 0.5, thin)


def _is_any_near(begin: Sequence[datetime], at: datetime) -> bool:
    """Whether any match begins within two days of a moment, by when all begin, in order."""
    following = bisect_left(begin, at)
    return following < len(begin) and begin[following] <= at + timedelta(days=2)


def _placeless(session: Session, newest: datetime) -> Iterator[Signal]:
    """Whether more of the new users lack a place than did before."""
    user = HandleUser
    # A warehouse may send all of its users every night: each is new once.
    former = aliased(user)
    is_new = ~exists().where(former.id == user.id, former.loaded_at < user.loaded_at)
    is_late = case((user.loaded_at > newest - _LATE, 1), else_=0)
    lacks = func.sum(case((user.place == "", 1), else_=0))
    query = select(is_late, func.count(), lacks).where(is_new).group_by(is_late)
    sums = {late: (int(users), int(lost)) for late, users, lost in session.execute(query)}
    (new, late), (users, before) = (sums.get(one, (0, 0)) for one in (1, 0))
    if new and users:
        usual = (before + 1) / (users + 1)
        yield of_share("users without a place", late, new, min(_PLACELESS * usual, 0.9))


def _unmatched(session: Session) -> Iterator[Signal]:
    """How many of the bets of late are on matches that are not known."""
    newest = session.scalar(select(func.max(HandleBet.loaded_at)))
    if newest is None:
        return
    bet = HandleBet
    late = (bet.loaded_at > newest - _LATE, bet.replaced_at.is_(None))
    of_match = select(bet.match_id, func.count().label("bets")).where(*late).group_by(bet.match_id)
    counted = of_match.subquery()
    known = select(HandleMatch.id).where(HandleMatch.id == counted.c.match_id).exists()
    every = session.scalar(select(func.sum(counted.c.bets))) or 0
    lost = session.scalar(select(func.sum(counted.c.bets)).where(~known)) or 0
    if every:
        yield of_share("bets on unknown matches", int(lost), int(every), _UNMATCHED)
