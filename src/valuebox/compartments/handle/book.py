"""What is known of matches, users and bets at a moment: columns, and which load brought each row.

Moments are in UTC, as `datetime64[s]`. A row counts from the load that brought it until a load that
changed it: `Book.as_of` is the only way to what was known at a moment, for training, for a
backtest and for an answer alike.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.handle.again import entered_again
from valuebox.statistics.arrays import Floats

Moments = NDArray[np.datetime64]
Codes = NDArray[np.int64]

HOUR: Final = np.timedelta64(1, "h")
DAY: Final = np.timedelta64(24, "h")
NEVER: Final = np.datetime64("9999-12-31T00:00:00", "s")
"""When rows are replaced that no load has changed."""
PLAYED: Final = np.timedelta64(4, "h")
"""How long after its start a match takes no more bets."""
_PLANNED: Final = np.timedelta64(14 * 24, "h")
"""How long before a match it is planned, where nothing says when."""


def keys(names: Iterable[str]) -> Codes:
    """A number for each name, the same wherever it is made: numbers are compared sooner."""
    known: dict[str, int] = {"": 0}
    found = []
    for name in names:
        if name not in known:
            digest = blake2b(name.encode(), digest_size=8).digest()
            known[name] = int.from_bytes(digest, "big", signed=True)
        found.append(known[name])
    return np.array(found, dtype=np.int64)


def added(sums: Any) -> Floats:
    """Sums of amounts of money, or of their squares, whichever order these were added in.

    Later loads change the order of rows, and the last digits of a sum tell of that.
    """
    found: Floats = np.asarray(sums, dtype=np.float64).round(4)
    return found


@dataclass(frozen=True)
class Rows:
    """Rows by column, each with when it was loaded and when a load replaced it."""

    loaded_at: Moments
    replaced_at: Moments

    def __len__(self) -> int:
        return len(self.loaded_at)

    def take(self, rows: Any) -> Any:
        """Some of the rows, by mask or position."""
        return replace(self, **{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    def as_of(self, moment: np.datetime64) -> Any:
        """The rows that counted at a moment."""
        return self.take((self.loaded_at <= moment) & (self.replaced_at > moment))

    def up_to(self, moment: np.datetime64) -> Any:
        """All versions of rows that had come by a moment, as if nothing had come since."""
        found = self.take(self.loaded_at <= moment)
        replaced = np.where(found.replaced_at > moment, NEVER, found.replaced_at)
        return replace(found, replaced_at=replaced)


@dataclass(frozen=True)
class Matches(Rows):
    """Matches, one a row."""

    id: NDArray[np.object_]
    season: Codes
    week: Codes
    """Of the season, which runs from Tuesday to Monday."""
    home: NDArray[np.object_]
    away: NDArray[np.object_]
    home_place: NDArray[np.object_]
    """Province of the home team; empty where it is not known."""
    away_place: NDArray[np.object_]
    slot: NDArray[np.object_]
    kickoff: Moments

    @cached_property
    def first(self) -> dict[str, np.datetime64]:
        """When each id came first."""
        found: dict[str, np.datetime64] = {}
        for one, at in zip(self.id.tolist(), self.loaded_at, strict=True):
            found[one] = min(at, found.get(one, at))
        return found


@dataclass(frozen=True)
class Users(Rows):
    """Users, counted by province and hour of registration."""

    place: Codes
    """Key of the province; 0 where it is not known."""
    registered: Moments
    count: Floats


@dataclass(frozen=True)
class Bets(Rows):
    """Bets, added up by match and hour."""

    match: Codes
    """Key of the id of the match."""
    placed: Moments
    """Beginning of the hour."""
    amount: Floats
    """Sum of bets that are neither void nor cancelled."""
    gross: Floats
    """Sum of all bets."""
    count: Floats
    """How many bets `amount` is of."""
    squares: Floats
    """Sum of the squares of these."""


class Fixture(NamedTuple):
    """A match that is asked about."""

    id: str
    season: int
    week: int
    home: str
    away: str
    home_place: str
    away_place: str
    slot: str
    kickoff: np.datetime64


def fixtures(matches: Matches) -> list[Fixture]:
    """Matches, one by one."""
    columns = (getattr(matches, name) for name in Fixture._fields)
    return [Fixture(*values) for values in zip(*columns, strict=True)]


def once(matches: Matches, first: Mapping[str, Any]) -> tuple[Matches, Mapping[str, str]]:
    """Matches, each once, and other ids that some were entered by; see `entered_again`.

    Args:
        matches: Those that are known at a moment.
        first: When each id came first.
    """
    again = entered_again(matches, first)
    if again is None:
        return matches, {}
    single = replace(
        matches.take(again.rows),
        id=np.array(again.ids, dtype=object),
        loaded_at=np.array([first[one] for one in again.ids], dtype="datetime64[s]"),
    )
    return single, again.also


@dataclass(frozen=True)
class Book:
    """All that was ever loaded, or what counted at a moment."""

    matches: Matches
    users: Users
    bets: Bets
    also: Mapping[str, str] = field(default_factory=dict)
    """Other ids of matches, and the one that each is known by."""

    def as_of(self, moment: np.datetime64) -> "Book":
        """What had been loaded by a moment, and nothing of what came later; each match once."""
        matches, users, bets = (one.as_of(moment) for one in (self.matches, self.users, self.bets))
        return Book(matches, users, bets, self.also)._once(self.matches.first)

    def up_to(self, moment: np.datetime64) -> "Book":
        """All that had been loaded by a moment, with what it replaced."""
        matches, users, bets = (one.up_to(moment) for one in (self.matches, self.users, self.bets))
        return Book(matches, users, bets, self.also)

    @cached_property
    def latest(self) -> "Book":
        """What counts after the last load."""
        return self.as_of(NEVER - DAY)

    @cached_property
    def begins(self) -> np.datetime64:
        """When the first load began that brought bets; `NEVER` without any."""
        first: np.datetime64 = self.bets.loaded_at.min() if len(self.bets) else NEVER
        return first

    def at(self, moment: np.datetime64) -> "Book":
        """What was known at a moment; before the first load, what one would have brought then.

        A first load brings years at once. Of moments before it, bets and users count from when
        they came, and matches of the following days were known.
        """
        if moment >= self.begins:
            return self.as_of(moment)
        early = self.as_of(self.begins)
        return replace(
            early,
            matches=early.matches.take(early.matches.kickoff < moment + _PLANNED),
            users=early.users.take(early.users.registered < moment),
            bets=early.bets.take(early.bets.placed < moment),
        )

    def _once(self, first: Mapping[str, Any]) -> "Book":
        """A book that has each match once, whichever of its ids bets name."""
        matches, also = once(self.matches, first)
        if not also:
            return self
        match = self.bets.match.copy()
        for theirs, ours in zip(keys(also), keys(also.values()), strict=True):
            match[self.bets.match == theirs] = ours
        bets = replace(self.bets, match=match)
        return Book(matches, self.users, bets, {**self.also, **also})

    @cached_property
    def through(self) -> np.datetime64:
        """How far the bets reach: the end of the hour in which the last one was placed."""
        if not len(self.bets):
            return np.datetime64("1970-01-01T00:00:00", "s")
        last: np.datetime64 = self.bets.placed.max()
        return last + HOUR

    @cached_property
    def place_of_match(self) -> dict[str, int]:
        """Position of each match, by all of its ids."""
        found = {one: place for place, one in enumerate(self.matches.id)}
        return found | {theirs: found[ours] for theirs, ours in self.also.items() if ours in found}

    @cached_property
    def of_bets(self) -> Codes:
        """Position of the match of each row of bets; -1 where the match is not known."""
        known = keys(self.matches.id)
        order = np.argsort(known)
        at = np.searchsorted(known, self.bets.match, sorter=order)
        places = order[np.minimum(at, len(known) - 1)] if len(known) else at
        if not len(known):
            return np.full(len(self.bets), -1, dtype=np.int64)
        return np.where(known[places] == self.bets.match, places, -1)

    def totals(self, values: Floats) -> Floats:
        """A column of bets added up by match: `(n_matches,)`."""
        known = self.of_bets >= 0
        return added(np.bincount(self.of_bets[known], values[known], len(self.matches)))

    def fixtures(self, rows: Any) -> list[Fixture]:
        """Some of the matches, by mask or position."""
        return fixtures(self.matches.take(rows))
