"""The forecast of matches, from what is known at a moment: the one way to it.

Training, backtests, replays and the service call `Fitted.forecast`; whatever they ask is answered
from a book that was cut at the moment that counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from valuebox.compartments.handle.book import DAY, HOUR, PLAYED, Book, Codes, Fixture, added
from valuebox.compartments.handle.features import Described, describe, unforeseen
from valuebox.compartments.handle.forest import grown
from valuebox.compartments.handle.lateness import Lateness, lateness
from valuebox.compartments.handle.pace import Pace
from valuebox.compartments.handle.prior import Joint, Prior
from valuebox.compartments.handle.recipe import Recipe
from valuebox.compartments.handle.stakes import Stakes, valued
from valuebox.compartments.handle.updating import DAYS, Open, Told, update
from valuebox.errors import ValueboxError
from valuebox.statistics.arrays import Floats

Z: Final = 1.6448536269514722
"""Deviations of a normal distribution between which 9 of 10 values lie."""
_FEWEST: Final = 30
"""Matches that are learned from at least, if so many are over."""
NOTHING_OVER: Final = "No match that was bet on was over by then: there is nothing to forecast by."
_MOST_LUCK: Final = 4.0
"""Variance that amounts of single bets give a forecast at most, in logarithms."""
_AHEAD: Final = 15
"""Days ahead up to which matches are looked at together with those that are asked about."""


class NothingOver(ValueboxError):
    """No match that was bet on is over: there is nothing to forecast by."""


@dataclass(frozen=True)
class Forecast:
    """What is foretold of matches, one a row; amounts of money."""

    asked: Sequence[Fixture]
    described: Described
    mean: Floats
    lower: Floats
    upper: Floats
    """Ends between which the handle lies in 9 of 10 cases."""
    known: Floats
    """Bets that are known, neither void nor cancelled."""
    gross: Floats
    """All bets that are known."""
    count: Floats
    """How many bets are known."""
    share: Floats
    """Share of the handle that is known, at the usual pace."""
    prior: Floats
    """What was expected before any bet on the match."""
    lead: Floats
    """Hours from the last known bets to the match."""
    covariance: Floats
    """Covariance of the forecasts' logarithms: `(n_matches, n_matches)`."""
    broken: float
    """How likely all betting has changed in the last days."""
    unsure: float
    """By how much the number of users may be wrong, in logarithms, and with it every match."""

    def take(self, rows: Sequence[int]) -> "Forecast":
        """Some of the matches, by position."""
        some = np.array(rows, dtype=np.int64)
        names = ("mean", "lower", "upper", "known", "gross", "count", "share", "prior", "lead")
        return replace(
            self,
            asked=[self.asked[row] for row in rows],
            described=self.described.take(some),
            covariance=self.covariance[np.ix_(some, some)],
            **{name: getattr(self, name)[some] for name in names},
        )

    def total(self, rows: Sequence[int], wider: float) -> tuple[float, float, float]:
        """The sum over some of the matches, with the ends of its interval."""
        some = np.array(rows)
        mean = float(self.mean[some].sum())
        both = np.outer(self.mean[some], self.mean[some])
        spread = np.expm1(np.clip(self.covariance[np.ix_(some, some)], -5, 5))
        variance = float((both * spread).sum())
        deviation = np.sqrt(np.log1p(max(variance, 0.0) / mean**2)) * wider if mean else 0.0
        known = float(self.known[some].sum())
        reach = Z * (deviation + self.unsure)
        low, high = (mean * float(np.exp(side * reach)) for side in (-1, 1))
        return mean, max(low, min(known, mean)), high


class _Bets(NamedTuple):
    """The bets on a match."""

    worth: Open
    """Bets at their values."""
    known: float
    """Sum of their amounts."""
    gross: float
    """Handle so far with bets that are void or cancelled counted in."""


@dataclass(frozen=True)
class Fitted:
    """A recipe, applied to what is known at a moment."""

    recipe: Recipe
    book: Book
    """What is known, cut at the moment that counts."""

    def under(self, recipe: Recipe) -> "Fitted":
        """These facts by another recipe; what no recipe decides on is not worked out again."""
        other = Fitted(recipe, self.book)
        by_recipe = {"recipe"} if recipe.variances == self.recipe.variances else {"recipe", "prior"}
        vars(other).update({name: one for name, one in vars(self).items() if name not in by_recipe})
        return other

    @cached_property
    def over(self) -> Codes:
        """Positions of matches that take no more bets, and have had some."""
        matches = self.book.matches
        is_over = matches.kickoff + PLAYED <= self.book.through
        found: Codes = np.flatnonzero(is_over & (self.totals > 0))
        return found

    @cached_property
    def learned(self) -> Codes:
        """Positions of matches that are over for so long that no break of the level is in them.

        Those of the last days are told of by their bets; where there are few, all are learned from.
        """
        early = self.book.matches.kickoff[self.over] <= self.book.through - DAYS[-1] * DAY
        return self.over[early] if early.sum() >= _FEWEST else self.over

    @cached_property
    def totals(self) -> Floats:
        """Handle of each match, as far as it is known."""
        return self.book.totals(self.book.bets.amount)

    @cached_property
    def stakes(self) -> Stakes:
        """Bets at what such bets are worth."""
        return valued(self.book)

    @cached_property
    def worth(self) -> Floats:
        """The value of the bets on each match, as far as these are known."""
        return self.stakes.book.totals(self.stakes.book.bets.amount)

    @cached_property
    def pace(self) -> Pace:
        """How bets come in."""
        return Pace(self.stakes.book, self.learned)

    @cached_property
    def past(self) -> Described:
        """The matches that are learned from.

        Raises:
            NothingOver: when there are none.
        """
        if not len(self.learned):
            raise NothingOver(NOTHING_OVER)
        return describe(self.book, self.book.fixtures(self.learned), self.book.through)

    @cached_property
    def every(self) -> Described:
        """All matches that are over."""
        return describe(self.book, self.book.fixtures(self.over), self.book.through)

    @cached_property
    def late(self) -> Lateness:
        """How complete the newest load is likely to be."""
        return lateness(self.book)

    @cached_property
    def forest(self) -> Callable[[Described], Floats]:
        """What a forest says of matches, which is stored beside forecasts and never answered."""
        return grown(self.every, self.totals[self.over])

    @cached_property
    def noise(self) -> Floats:
        """Variance of the logarithm of their handle that is due to its being of few bets."""
        count = self.book.totals(self.book.bets.count)[self.learned]
        found: Floats = self.pace.roughness / np.maximum(count, 1.0)
        return found

    @cached_property
    def prior(self) -> Prior:
        """What the matches that are over say of others."""
        return Prior(self.recipe.variances, self.past, self.worth[self.learned], self.noise)

    @cached_property
    def unforeseen(self) -> float:
        """How far a day's count of users may be from what growth foretold, in logarithms."""
        return unforeseen(self.book, self.book.through)

    def forecast(
        self, asked: Sequence[Fixture], told: float | None = None, unsure: float = 0.0
    ) -> Forecast:
        """Forecast matches.

        Args:
            asked: The matches; those that the book does not know are forecast, too.
            told: How many users there are, where somebody knows better than the book.
            unsure: By how much the number of users may be wrong, in logarithms, beyond what
                intervals were learned with: ends are those of the fewest and of the most users.
        """
        together = [*asked, *self._beside(asked)]
        described = describe(self.book, together, self.book.through, told)
        expected = self.prior.of(described)
        # What comes true is of single bets, too.
        chance = np.minimum(self.pace.grain / np.exp(expected.mean), 1.0)
        expected = Joint(expected.mean, expected.covariance + np.diag(chance))
        bets = self._bets(together)
        open_ = [one.worth for one in bets]
        found = update(expected, open_, self.pace, self.late)
        return self._forecast(len(asked), together, described, expected, found, bets, unsure)

    def _beside(self, asked: Sequence[Fixture]) -> list[Fixture]:
        """Other matches that are open, or were of late: their bets tell of what is asked about."""
        matches, through = self.book.matches, self.book.through
        near = (matches.kickoff + PLAYED > through) & (matches.kickoff < through + _AHEAD * DAY)
        near[np.setdiff1d(self.over, self.learned)] = True
        known = {one.id for one in asked}
        return [one for one in self.book.fixtures(near) if one.id not in known]

    def _bets(self, matches: Sequence[Fixture]) -> list["_Bets"]:
        of, bets, through = self.stakes.book.of_bets, self.stakes.book.bets, self.book.through
        order = np.argsort(of, kind="stable")
        places = of[order]
        gross = self.book.totals(self.book.bets.gross)
        found = []
        for one in matches:
            place = self.book.place_of_match.get(one.id, -2)
            rows = order[slice(*np.searchsorted(places, [place, place + 1]))]
            value, count, placed = bets.amount[rows], bets.count[rows], bets.placed[rows]
            late = [placed >= through - day * DAY for day in DAYS]
            by_day = [float(added(value[is_in].sum())) for is_in in late]
            lead = float((one.kickoff - through) / HOUR)
            open_ = Open(one.slot, lead, float(added(value.sum())), float(count.sum()), by_day)
            known = (self.totals[place], gross[place]) if place >= 0 else (0.0, 0.0)
            found.append(_Bets(open_, *map(float, known)))
        return found

    def _forecast(
        self,
        count: int,
        together: Sequence[Fixture],
        described: Described,
        expected: Joint,
        found: Told,
        bets: Sequence[_Bets],
        unsure: float,
    ) -> Forecast:
        known = np.array([one.known for one in bets])
        lead = np.array([one.worth.lead for one in bets])
        # Money that is there stays, whatever such bets are worth; more of them will come at that.
        luck = known - np.array([one.worth.known for one in bets])
        value = np.exp(found.mean)
        middle = np.maximum(value + luck, np.maximum(known, 1e-9))
        rest = self.stakes.scatter * np.maximum(1 - found.share, 0.0) * value
        slope = value / middle
        luck_of_rest = np.minimum(rest / middle**2, _MOST_LUCK)
        covariance = found.covariance * np.outer(slope, slope) + np.diag(luck_of_rest)
        # Of a match that is over nothing is open, and rounding leaves less than nothing.
        variance = np.maximum(np.diag(covariance), 0.0)
        mean = middle * np.exp(variance * self.recipe.skew)
        reach = Z * (np.sqrt(variance) * self.recipe.widening(lead) + unsure)
        asked = slice(0, count)
        return Forecast(
            together[asked],
            described.take(asked),
            mean[asked],
            np.maximum(middle * np.exp(-reach), known)[asked],
            np.maximum(middle * np.exp(reach), mean)[asked],
            known[asked],
            np.array([one.gross for one in bets])[asked],
            np.array([one.worth.bets for one in bets])[asked],
            found.share[asked],
            np.exp(expected.mean)[asked],
            lead[asked],
            covariance[asked, asked],
            found.broken,
            unsure,
        )
