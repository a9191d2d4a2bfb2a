"""What the live feed says, weighed against what the warehouse knows: believed or named, not both.

What one field says that cannot be is reason to believe nothing of that field, of any match: a
feed that makes up one number makes up others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np

from valuebox.compartments.handle.book import DAY, Fixture, keys
from valuebox.compartments.handle.features import NEW_DAYS, UserCounts
from valuebox.compartments.handle.feed import FeedSaid
from valuebox.compartments.handle.forecasting import Fitted
from valuebox.compartments.handle.reading import second

UNKNOWN_TEAMS: Final = "have teams that are not known"
"""What is noted of events that no team of the warehouse plays in."""
_SLACK: Final = 0.01
"""How far more users than expected may be, as a share, beside what the growth explains."""
_LESS: Final = 0.005
"""How far fewer users than the warehouse has may be."""
_LOCAL_SLACK: Final = 0.1
"""The same, both ways, of users of a province: not everybody's is known."""
_MOST_PEOPLE: Final = 10**10
"""More people than there are: what is above it counts nobody."""
_AHEAD: Final = 7 * DAY
"""How far ahead a feed tells of matches."""
_LOCAL_FEW: Final = 50
"""Users of a province by which counts of it may differ in any case."""


@dataclass(frozen=True)
class Weighed:
    """What is believed of the feed."""

    users: float | None = None
    """All users by the last known bet, where what is said of them is believed."""
    is_there: bool = False
    """Whether the feed answered anything that can be read."""
    notes: list[str] = field(default_factory=list)
    """What is not believed, in sentences."""
    unsure: float = 0.0
    """By how much users may differ from what their growth foretells, in logarithms, where a feed
    should have told and is not believed in all it says."""

    @property
    def is_used(self) -> bool:
        """Whether anything of the feed is believed."""
        return self.users is not None

    @property
    def state(self) -> Literal["used", "ignored", "absent"]:
        """What was made of the feed."""
        return "used" if self.is_used else "ignored" if self.is_there else "absent"


def weigh(
    said: FeedSaid | None, fitted: Fitted, matches: Sequence[Fixture], at: datetime
) -> Weighed:
    """What to believe of the feed.

    Args:
        said: What it answered; None where there is no feed.
        fitted: What is known.
        matches: Those that are asked about.
        at: When it was asked.
    """
    if said is None:
        return Weighed()
    # A rate of growth that is wrong is the more so, the more time has passed.
    passed = float((second(at) - fitted.book.through) / DAY)
    unsure = fitted.unforeseen * max(passed, 1.0)
    if said.failure is not None:
        return Weighed(notes=[said.failure], unsure=unsure)
    rows = _rows(said.content)
    if rows is None:
        return Weighed(notes=["The feed answers no list of events."], unsure=unsure)
    counts = _Counts(fitted, at)
    notes = [*_strange(rows, fitted, matches, second(at)), *_strange_places(rows, fitted, counts)]
    every = {_count(row.get("all_registered")) for row in rows}
    if not every or None in every:
        notes.append("all_registered is missing, or no count, in some of its events.")
    elif len(every) > 1:
        notes.append("all_registered differs from event to event, of one moment.")
    else:
        (users,) = every
        if users is not None and counts.may_be(users):
            of_last_bet = users * counts.known / counts.grown
            return Weighed(of_last_bet, True, notes, unsure if notes else 0.0)
        notes.append(
            f"all_registered is {users:,}, where the warehouse knows {counts.known:,.0f} users and "
            f"about {counts.most:,.0f} are likely by now."
        )
    return Weighed(None, True, notes, unsure)


def _rows(content: Any) -> list[dict[str, Any]] | None:
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
        return None
    return events[:1_000]


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A whole number of JSON may be one that no float holds.
    return int(value) if 0 <= value <= _MOST_PEOPLE and value == int(value) else None


class _Counts:
    """Users by the last known bet, and what may have become of them by the moment of asking."""

    def __init__(self, fitted: Fitted, at: datetime):
        self._through = np.array([fitted.book.through])
        self._now = np.maximum(np.array([second(at)]), self._through)
        self._counts = UserCounts(fitted.book, fitted.book.through)
        self.known = float(self._counts.all(self._through)[0])
        self.grown = float(self._counts.all(self._now)[0])
        fresh = float(self._counts.new(self._through)[0]) / NEW_DAYS
        days = float((self._now[0] - self._through[0]) / DAY)
        self.most = max(self.grown, self.known + 3 * fresh * (days + 1))
        """Users that are likely by the moment at most."""

    def may_be(self, users: int) -> bool:
        """Whether there may be so many users by the moment."""
        return self.known * (1 - _LESS) <= users <= self.most * (1 + _SLACK)

    def may_be_of(self, place: int, users: int) -> bool:
        """Whether a province may have so many."""
        known, grown = (float(self._counts.of(place, one)[0]) for one in (self._through, self._now))
        low, high = known * (1 - _LOCAL_SLACK), grown * (1 + _LOCAL_SLACK)
        return low - _LOCAL_FEW <= users <= high + _LOCAL_FEW


def _strange_places(
    rows: Sequence[dict[str, Any]], fitted: Fitted, counts: _Counts
) -> Iterator[str]:
    """Counts of users by province that are none, or not those of the warehouse."""
    matches = fitted.book.matches
    places = {
        **dict(zip(matches.away.tolist(), keys(matches.away_place).tolist(), strict=True)),
        **dict(zip(matches.home.tolist(), keys(matches.home_place).tolist(), strict=True)),
    }
    for side in ("home", "away"):
        name, wrong = f"{side}_users", 0
        for row in rows:
            users, place = _count(row.get(name)), places.get(_named(row, side), 0)
            # Of a team without a place nothing is known that a count could be compared with.
            wrong += users is None or (place != 0 and not counts.may_be_of(place, users))
        if wrong:
            yield (
                f"{name} is missing, no count, or not what the warehouse has of the province, in "
                f"{wrong} of its {len(rows)} events."
            )


def _named(row: dict[str, Any], side: str) -> str:
    return " ".join(str(row.get(f"{side}_team")).split())


def _strange(
    rows: Sequence[dict[str, Any]],
    fitted: Fitted,
    matches: Sequence[Fixture],
    at: np.datetime64,
) -> list[str]:
    """What of its events does not fit to the matches that are known."""
    notes = []
    teams = {*fitted.book.matches.home.tolist(), *fitted.book.matches.away.tolist()}
    named = [(_named(row, "home"), _named(row, "away")) for row in rows]
    if unknown := sum(not set(pair) <= teams for pair in named):
        notes.append(f"{unknown} of its events {UNKNOWN_TEAMS}.")
    if len(set(named)) < len(named):
        notes.append("It tells of some matches twice.")
    weeks = {(one.home, one.away, int(one.week)) for one in matches}
    pairs = {pair[:2] for pair in weeks}
    played = sum(
        pair in pairs and (*pair, _count(row.get("week_of_season"))) not in weeks
        for pair, row in zip(named, rows, strict=True)
    )
    if played:
        notes.append(f"{played} of its events are of another week than the match.")
    # What begins later, or has begun, it need not tell of.
    coming = [one for one in matches if at < one.kickoff <= at + _AHEAD]
    if missing := sum((one.home, one.away) not in named for one in coming):
        notes.append(f"It does not tell of {missing} of the {len(coming)} matches of the week.")
    return notes
