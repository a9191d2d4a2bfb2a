"""What the model looks at of matches: the only place that knows it, in training and in serving.

Whoever calls has cut the book at the moment that counts (`Book.as_of`); nothing here looks further
than that book.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from valuebox.compartments.handle.book import DAY, Book, Codes, Fixture, Moments, keys
from valuebox.statistics.arrays import Floats

NEW_DAYS: Final = 30
"""For how long after registering a user counts as new, and from how many days growth is told."""
MOST_GROWTH: Final = 0.03
"""Growth of users a day, in logarithms, that is believed at most."""
_LEAST_UNFORESEEN: Final = 0.005
"""How far counts of users are taken to be from their growth at least, in logarithms."""
NUMBERS: Final = ("users", "home_share", "away_share", "new_share", "local_new", "crowd", "derby")
"""Numbers of a match, in the order of the columns of `Described.numbers`."""


@dataclass(frozen=True)
class Described:
    """Matches as the model sees them, one a row."""

    numbers: Floats
    """`(n_matches, len(NUMBERS))`: logarithm of the users, shares of them in the provinces of both
    teams, share of new users, share of new users in these provinces, logarithm of how many
    matches the week has, and whether both teams are from one province."""
    home: Codes
    """Key of the team, as all that are texts."""
    away: Codes
    home_place: Codes
    away_place: Codes
    slot: Codes
    season: Codes
    week: Floats
    day: Floats
    """When the match begins, in days since 1970."""

    def __len__(self) -> int:
        return len(self.day)

    def take(self, rows: object) -> "Described":
        """Some of the rows, by mask or position."""
        return Described(*(getattr(self, one.name)[rows] for one in fields(self)))


class UserCounts:
    """How many users there are by a moment, in all and by province.

    After the last registration that is known, users grow as they did in the days before: counts of
    the day of a match are not known when the match is forecast.
    """

    def __init__(self, book: Book, until: np.datetime64, told: float | None = None):
        """Count the users of a book.

        Args:
            book: What is known.
            until: Through when registrations are known.
            told: How many users there are by then, where somebody knows better.
        """
        users = book.users
        order = np.argsort(users.registered, kind="stable")
        when, count = users.registered[order], users.count[order]
        place = users.place[order]
        self._until = until
        self._all = _Count(when, count, until)
        self._places = {
            int(key): _Count(when[place == key], count[place == key], until)
            for key in np.unique(place)
            if key
        }
        known = self._all.by(np.array([until]))[0]
        self._factor = told / known if told and known else 1.0

    def all(self, when: Moments) -> Floats:
        """All users by moments; at least 1."""
        found: Floats = np.maximum(self._all.by(when) * self._later(when), 1.0)
        return found

    def new(self, when: Moments) -> Floats:
        """Users of the last `NEW_DAYS` days."""
        found: Floats = self._all.by(when) - self._all.by(when - NEW_DAYS * DAY)
        return found

    def of(self, place: int, when: Moments) -> Floats:
        """Users of a province."""
        found = self._places.get(place)
        return np.zeros(len(when)) if found is None else found.by(when)

    def new_of(self, place: int, when: Moments) -> Floats:
        """New users of a province."""
        return self.of(place, when) - self.of(place, when - NEW_DAYS * DAY)

    def _later(self, when: Moments) -> Floats:
        found: Floats = np.where(when > self._until, self._factor, 1.0)
        return found


class _Count:
    def __init__(self, when: Moments, count: Floats, until: np.datetime64):
        self._when, self._until = when, until
        self._sums = np.concatenate([[0.0], np.cumsum(count)])
        now, before = (self._at(np.array([until - days * DAY]))[0] for days in (0, NEW_DAYS))
        rate = np.log(now / before) / NEW_DAYS if before > 0 and now > 0 else 0.0
        if before <= 0 < now:
            # All are new: as many more a day as there were until now.
            rate = 1 / max(1.0, float((until - when[0]) / DAY))
        self._rate = min(max(rate, 0.0), MOST_GROWTH)

    def _at(self, when: Moments) -> Floats:
        found: Floats = self._sums[np.searchsorted(self._when, when, side="right")]
        return found

    def by(self, when: Moments) -> Floats:
        later = np.maximum((when - self._until) / DAY, 0.0)
        found: Floats = self._at(np.minimum(when, self._until)) * np.exp(self._rate * later)
        return found


def unforeseen(book: Book, until: np.datetime64) -> float:
    """How far the count of users is from what its growth foretold the day before, in logarithms.

    Args:
        book: What is known.
        until: Through when registrations are known; counts of the `NEW_DAYS` days before are
            compared.
    """
    users = book.users
    order = np.argsort(users.registered, kind="stable")
    when, count = users.registered[order], users.count[order]
    actual = _Count(when, count, until)
    off = []
    for days in range(NEW_DAYS, 0, -1):
        at, then = until - days * DAY, np.array([until - (days - 1) * DAY])
        found, foretold = actual.by(then)[0], _Count(when, count, at).by(then)[0]
        off.append(np.log(found / foretold) if foretold > 0 else 0.0)
    return max(float(np.sqrt(np.mean(np.square(off)))), _LEAST_UNFORESEEN)


def describe(
    book: Book, asked: Sequence[Fixture], until: np.datetime64, told: float | None = None
) -> Described:
    """Matches as the model sees them.

    Args:
        book: What is known, cut at the moment that counts.
        asked: The matches.
        until: Through when registrations are known.
        told: How many users there are by then, where somebody knows better than the book.
    """
    columns = [np.array(values, dtype=object) for values in zip(*asked, strict=True)]
    season, week = (one.astype(np.int64) for one in columns[1:3])
    home, away, home_place, away_place, slot = (keys(one) for one in columns[3:8])
    kickoff = np.array([one.kickoff for one in asked], dtype="datetime64[s]")
    counts = UserCounts(book, until, told)
    users = counts.all(kickoff)

    def by_place(places: Codes, new: bool) -> Floats:
        found = np.zeros(len(asked))
        for name in set(places.tolist()):
            rows = places == name
            of = counts.new_of if new else counts.of
            found[rows] = of(int(name), kickoff[rows])
        return found / users

    same = (home_place == away_place) & (home_place != 0)
    new_home, new_away = by_place(home_place, True), by_place(away_place, True)
    numbers = np.column_stack(
        (
            np.log(users),
            by_place(home_place, False),
            np.where(same, 0.0, by_place(away_place, False)),
            counts.new(kickoff) / users,
            new_home + np.where(same, 0.0, new_away),
            np.log(_crowd(book, season, week)),
            same.astype(float),
        )
    )
    day = (kickoff - np.datetime64("1970-01-01", "s")) / DAY
    return Described(
        *(numbers, home, away, home_place, away_place, slot),
        *(season, week.astype(np.float64), day),
    )


def _crowd(book: Book, season: Codes, week: Codes) -> Floats:
    """How many matches the week of each has; at least 1."""
    known = zip(book.matches.season.tolist(), book.matches.week.tolist(), strict=True)
    counted: dict[tuple[int, int], int] = {}
    for one in known:
        counted[one] = counted.get(one, 0) + 1
    keys = zip(season.tolist(), week.tolist(), strict=True)
    return np.array([max(counted.get(one, 1), 1) for one in keys], dtype=np.float64)
