"""The forecast of matches, from what is known at a moment: the one way to it.

Training, backtests, replays and the service call `Fitted.forecast`; whatever they ask is answered
from a book that was cut at the moment that counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from valuebox.compartments.handle.book import DAY, HOUR, PLAYED, Book, Codes, Fixture, added
from valuebox.compartments.handle.features import Described, describe, unforeseen
from valuebox.compartments.handle.lateness import lateness
from valuebox.compartments.handle.pace import Pace
from valuebox.compartments.handle.prior import Joint, Prior
from valuebox.compartments.handle.recipe import Recipe
from valuebox.compartments.handle.updating import DAYS, Open, Told, update
from valuebox.statistics.arrays import Floats

Z: Final = 1.6448536269514722
"""Deviations of a normal distribution between which 9 of 10 values lie."""
_AHEAD: Final = 15
"""Days ahead up to which matches are looked at together with those that are asked about."""


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


@dataclass(frozen=True)
class Fitted:
    """A recipe, applied to what is known at a moment."""

    recipe: Recipe
    book: Book
    """What is known, cut at the moment that counts."""

    @cached_property
    def over(self) -> Codes:
        """Positions of matches that take no more bets, and have had some."""
        matches = self.book.matches
        is_over = matches.kickoff + PLAYED <= self.book.through
        found: Codes = np.flatnonzero(is_over & (self.totals > 0))
        return found

    @cached_property
    def totals(self) -> Floats:
        """Handle of each match, as far as it is known."""
        return self.book.totals(self.book.bets.amount)

    @cached_property
    def pace(self) -> Pace:
        """How bets come in."""
        return Pace(self.book, self.over)

    @cached_property
    def past(self) -> Described:
        """The matches that are over."""
        return describe(self.book, self.book.fixtures(self.over), self.book.through)

    @cached_property
    def noise(self) -> Floats:
        """Variance of the logarithm of their handle that is due to its being of few bets."""
        count = self.book.totals(self.book.bets.count)[self.over]
        found: Floats = self.pace.roughness / np.maximum(count, 1.0)
        return found

    @cached_property
    def prior(self) -> Prior:
        """What the matches that are over say of others."""
        return Prior(self.recipe.variances, self.past, self.totals[self.over], self.noise)

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
        bets = self._bets(together)
        open_ = [one for one, *_ in bets]
        found = update(expected, open_, self.pace, lateness(self.book))
        return self._forecast(len(asked), together, described, expected, found, bets, unsure)

    def _beside(self, asked: Sequence[Fixture]) -> list[Fixture]:
        """The other matches that are open: bets on these tell of what is asked about."""
        matches, through = self.book.matches, self.book.through
        near = (matches.kickoff + PLAYED > through) & (matches.kickoff < through + _AHEAD * DAY)
        known = {one.id for one in asked}
        return [one for one in self.book.fixtures(near) if one.id not in known]

    def _bets(self, matches: Sequence[Fixture]) -> list[tuple[Open, float]]:
        """The bets on each match, and their gross sum."""
        bets, through = self.book.bets, self.book.through
        order = np.argsort(self.book.of_bets, kind="stable")
        places = self.book.of_bets[order]
        found = []
        for one in matches:
            place = self.book.place_of_match.get(one.id, -2)
            rows = order[slice(*np.searchsorted(places, [place, place + 1]))]
            amount, count, placed = bets.amount[rows], bets.count[rows], bets.placed[rows]
            late = [placed >= through - day * DAY for day in range(1, DAYS + 1)]
            by_day = [float(added(amount[is_in].sum())) for is_in in late]
            lead = float((one.kickoff - through) / HOUR)
            known = Open(one.slot, lead, float(added(amount.sum())), float(count.sum()), by_day)
            found.append((known, float(added(bets.gross[rows].sum()))))
        return found

    def _forecast(
        self,
        count: int,
        together: Sequence[Fixture],
        described: Described,
        expected: Joint,
        found: Told,
        bets: Sequence[tuple[Open, float]],
        unsure: float,
    ) -> Forecast:
        known = np.array([one.known for one, _ in bets])
        lead = np.array([one.lead for one, _ in bets])
        # Of a match that is over nothing is open, and rounding leaves less than nothing.
        variance = np.maximum(np.diag(found.covariance), 0.0)
        mean = np.maximum(np.exp(found.mean + variance * self.recipe.skew), known)
        reach = Z * (np.sqrt(variance) * self.recipe.widening(lead) + unsure)
        asked = slice(0, count)
        return Forecast(
            together[asked],
            described.take(asked),
            mean[asked],
            np.maximum(np.exp(found.mean - reach), known)[asked],
            np.maximum(np.exp(found.mean + reach), mean)[asked],
            known[asked],
            np.array([gross for _, gross in bets])[asked],
            np.array([one.bets for one, _ in bets])[asked],
            found.share[asked],
            np.exp(expected.mean)[asked],
            lead[asked],
            found.covariance[asked, asked],
            found.broken,
            unsure,
        )
