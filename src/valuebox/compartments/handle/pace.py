"""How much of a match's handle is there how long before it begins: the booking curve.

The share that earlier matches had at a lead is a weighted mean: those of the same slot count most,
since bets follow the hours of the day. How far single matches were from it says how much a share
of today is to be believed (Weatherford and Kimes, A comparison of forecasting methods for hotel
revenue management, International Journal of Forecasting 19, 2003).
"""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from valuebox.compartments.handle.book import HOUR, Book, Codes, added, keys
from valuebox.statistics.arrays import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST: Final = -6
"""Hours before a match at which the curve ends: bets during the match are before 0."""
LAST: Final = 24 * 15
_SLOTS: Final = 0.0004
"""Variance of how far slots are apart that is assumed at least, by what is still to come."""
_ROUNDS: Final = 3
_HALF_LIFE: Final = 250.0
"""Days after which a match says half as much of the pace of today."""
_OWN: Final = 0.05
"""Deviation of a share from the curve that is assumed at least, by what is still to come."""


class Curve(NamedTuple):
    """Shares of a match's handle that are expected within some times, one after the other."""

    mean: Floats
    covariance: Floats
    """Covariance of the shares' logarithms, without the chance of single bets: `(n, n)`."""
    common: Floats
    """Deviations that all matches of a week have in common."""
    unsure: Floats
    """Deviations of the means: what is expected of all matches of a slot may be wrong."""


class _Level(NamedTuple):
    mean: float
    weight: Floats
    """What each match says of it, as the inverse of a variance."""
    everywhere: float
    """Variance of the mean of all slots, by its square."""
    of_slot: float
    """Variance of how far this slot is from it, likewise."""


class Pace:
    """Booking curves of matches that are over.

    Args:
        book: What is known.
        over: Positions of the matches that are over.
    """

    def __init__(self, book: Book, over: Codes):
        self._slots, self._slot = np.unique(keys(book.matches.slot[over]), return_inverse=True)
        week = book.matches.season[over] * 100 + book.matches.week[over]
        self._week = np.unique(week, return_inverse=True)[1]
        self._day = (book.matches.kickoff[over] - np.datetime64(0, "s")) / (24 * HOUR)
        places = np.full(len(book.matches) + 1, -1)
        places[over] = np.arange(len(over))
        row = places[book.of_bets]
        is_of = row >= 0
        row = row[is_of]
        lead = (book.matches.kickoff[over][row] - book.bets.placed[is_of]) / HOUR
        self._amount = _after(row, lead, book.bets.amount[is_of], len(over))
        self._count = np.bincount(row, book.bets.count[is_of], len(over))
        total, bets, squares = (
            float(added(one.sum()))
            for one in (book.bets.amount, book.bets.count, book.bets.squares)
        )
        self.roughness = bets * squares / total**2 if total else 1.0
        """By how much bets of different amounts scatter more than equal ones."""
        self.grain = squares / total if total else 1.0
        """Variance of a sum of bets by what is expected of it."""
        age = self._day.max() - self._day if len(over) else self._day
        self._found: dict[tuple[str, tuple[float, ...]], Curve] = {}
        self._recent = 0.5 ** (age / _HALF_LIFE)
        self._chance = self.roughness / np.maximum(self._count, 1.0)

    least = 1e-4
    """Share that is expected at least."""

    def curve(self, slot: str, leads: tuple[float, ...]) -> Curve:
        """The shares that come up to the first of `leads`, from there to the second and so on.

        Args:
            slot: Of the match.
            leads: Hours before the match, descending; below 0 after its beginning.
        """
        asked = slot, leads
        if asked not in self._found:
            self._found[asked] = self._curve(slot, leads)
        return self._found[asked]

    def _curve(self, slot: str, leads: tuple[float, ...]) -> Curve:
        count = len(leads)
        if not self._count.sum():
            none = np.zeros(count)
            return Curve(none + self.least, np.eye(count), none, none)
        there = [self._shares(lead) for lead in leads]
        pieces = np.diff(np.array(there), axis=0, prepend=0.0)
        levels = [self._level(mine, slot) for mine in pieces]
        mean = np.array([one.mean for one in levels])
        off = pieces / mean[:, None] - 1
        roots = np.sqrt([one.weight for one in levels])
        sampling = np.diag(1 / mean) - 1
        both = roots @ roots.T
        found = (roots * off) @ (roots * off).T - sampling * ((roots * self._chance) @ roots.T)
        found = _positive(np.log1p(np.maximum(found / both, -0.9)))
        variance = np.maximum(np.diag(found), (_OWN * np.maximum(1 - mean, 0.0)) ** 2)
        found[np.diag_indices(count)] = variance
        shared = [self._common(one, level.weight) for one, level in zip(off, levels, strict=True)]
        common = np.sqrt(np.minimum(shared, 0.7 * variance))
        alone = _positive(found - np.outer(common, common))
        common = np.sqrt(common**2 + [one.everywhere for one in levels])
        return Curve(mean, alone, common, np.sqrt([one.of_slot for one in levels]))

    def _level(self, mine: Floats, slot: str) -> _Level:
        """The mean share of a slot, between that of its own matches and that of all."""
        of = self._slot
        whole = self._recent * self._count
        mean = min(max(float(whole @ mine) / float(whole.sum()), self.least), 1.0)
        rest = 1 - mean
        variance = 0.1 * rest
        for _ in range(_ROUNDS):
            # Few bets say less of a share, and matches differ in pace however many bets they have.
            chance = rest / mean * self._chance
            weight = self._recent / (variance + chance + (_OWN * rest) ** 2 + 1e-9)
            total = float(weight.sum())
            mean = min(max(float(weight @ mine) / total, self.least), 1.0)
            sums = np.bincount(of, weight)
            off = np.bincount(of, weight * (mine / mean - 1)) / sums
            within = mine / mean - 1 - off[of]
            free = max(total - float((np.bincount(of, weight**2) / sums).sum()), 0.1 * total)
            variance = float(weight @ within**2) / free - float(weight @ chance) / total
            variance = max(variance, 0.0)
        # How far slots are apart (DerSimonian and Laird, Meta-analysis in clinical trials, 1986).
        excess = max(float(sums @ off**2) - (len(sums) - 1), 0.0)
        apart = excess / max(total - float(sums @ sums) / total, 1e-9) + _SLOTS * rest**2 + 1e-9
        place = np.flatnonzero(self._slots == keys([slot])[0])
        own = float(sums[place].sum())
        nearer = float(off[place].sum()) * own / (own + 1 / apart)
        mean = min(max(mean * (1 + nearer), self.least), 1.0)
        return _Level(mean, weight, 1 / total, 1 / (own + 1 / apart))

    def _shares(self, lead: float) -> Floats:
        at = min(max(lead, FIRST), LAST) - FIRST
        low = int(at)
        high = min(low + 1, self._amount.shape[1] - 1)
        amount = self._amount[:, low] * (low + 1 - at) + self._amount[:, high] * (at - low)
        found: Floats = amount / np.maximum(self._amount[:, 0], 1e-9)
        return found

    def _common(self, off: Floats, weight: Floats) -> float:
        """How matches of one week are off together."""
        own = weight * off
        sums, weights = np.bincount(self._week, own), np.bincount(self._week, weight)
        pairs = float(weights @ weights - weight @ weight)
        return max(float(sums @ sums - own @ own) / max(pairs, 1e-9), 0.0)


def _positive(matrix: Floats) -> Floats:
    """The nearest matrix that is one of covariances."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    found: Floats = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return found


def _after(row: Codes, lead: Floats, amount: Floats, count: int) -> Floats:
    """Amounts placed at least so many hours before each match: `(count, LAST - FIRST + 1)`."""
    width = LAST - FIRST + 1
    whole = np.floor(np.clip(lead, FIRST + 1, LAST)).astype(np.int64) - FIRST
    bins: NDArray[np.int64] = row * width + whole
    hours = added(np.bincount(bins, amount, count * width)).reshape(count, width)
    # An hour of bets lies between its lead and one hour less, in one or two whole hours, and all
    # hours of bets on a match do so alike.
    part = np.zeros(count)
    part[row] = lead - np.floor(lead)
    nearer = np.zeros_like(hours)
    nearer[:, :-1] = hours[:, 1:] * (1 - part[:, None])
    spread = hours * part[:, None] + nearer
    cumulated: Floats = np.cumsum(spread[:, ::-1], axis=1)[:, ::-1]
    return cumulated
