"""How much of a match's handle is there how long before it begins: the booking curve.

The share that earlier matches had at a lead is a weighted mean: those of the same slot count most,
since bets follow the hours of the day. How far single matches were from it says how much a share
of today is to be believed (Weatherford and Kimes, A comparison of forecasting methods for hotel
revenue management, International Journal of Forecasting 19, 2003).
"""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from valuebox.compartments.handle.book import HOUR, Book, Codes, keys
from valuebox.statistics.arrays import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST: Final = -6
"""Hours before a match at which the curve ends: bets during the match are before 0."""
LAST: Final = 24 * 15
_OTHERS: Final = 5.0
"""How many matches those of other slots count as, all together."""
_HALF_LIFE: Final = 250.0
"""Days after which a match says half as much of the pace of today."""
_FEW_BETS: Final = 20.0
_LEAST: Final = 1e-4
_OWN: Final = 0.05
"""Deviation of a share from the curve that is assumed at least, by what is still to come."""


class Share(NamedTuple):
    """The share of a match's handle that is expected by a moment."""

    mean: float
    variance: float
    """Of its logarithm, from match to match, beside the chance of single bets."""
    common: float
    """Part of the variance that all matches of a week have in common."""


class Pace:
    """Booking curves of matches that are over.

    Args:
        book: What is known.
        over: Positions of the matches that are over.
    """

    def __init__(self, book: Book, over: Codes):
        self._slot = keys(book.matches.slot[over])
        self._week = book.matches.season[over] * 100 + book.matches.week[over]
        self._day = (book.matches.kickoff[over] - np.datetime64(0, "s")) / (24 * HOUR)
        places = np.full(len(book.matches) + 1, -1)
        places[over] = np.arange(len(over))
        row = places[book.of_bets]
        is_of = row >= 0
        row = row[is_of]
        lead = (book.matches.kickoff[over][row] - book.bets.placed[is_of]) / HOUR
        # The bets of an hour are spread over it, up to an hour nearer to the match.
        self._amount = _after(row, lead, book.bets.amount[is_of], len(over))
        self._count = np.bincount(row, book.bets.count[is_of], len(over))
        total = float(book.bets.amount.sum())
        bets = float(book.bets.count.sum())
        self.roughness = bets * float(book.bets.squares.sum()) / total**2 if total else 1.0
        """By how much bets of different amounts scatter more than equal ones."""
        age = self._day.max() - self._day if len(over) else self._day
        self._found: dict[tuple[str, float, float | None], Share] = {}
        self._weight = 0.5 ** (age / _HALF_LIFE) * self._count / (self._count + _FEW_BETS)

    def share(self, slot: str, lead: float, until: float | None = None) -> Share:
        """The share that is there `lead` hours before a match of a slot.

        Args:
            slot: Of the match.
            lead: Hours before the match; below 0 after its beginning.
            until: Only the share of bets placed at most so many hours before the match.
        """
        asked = slot, lead, until
        if asked not in self._found:
            self._found[asked] = self._share(slot, lead, until)
        return self._found[asked]

    def _share(self, slot: str, lead: float, until: float | None) -> Share:
        mine = self._shares(lead)
        if until is not None:
            mine = mine - self._shares(until)
        weight = self._weight
        is_same = self._slot == keys([slot])[0]
        others = weight[~is_same].sum()
        weight = np.where(is_same, weight, weight * _OTHERS / max(others, _OTHERS))
        total = float(weight.sum())
        if total <= 0:
            return Share(_LEAST, 1.0, 0.0)
        mean = max(float(weight @ mine) / total, _LEAST)
        mean = min(mean, 1.0)
        off = mine / mean - 1
        rest = 1 - mean
        chance = rest / mean * self.roughness / np.maximum(self._count, 1)
        variance = float(weight @ (off**2 - chance)) / total
        variance = max(variance, (_OWN * rest) ** 2)
        return Share(mean, variance, min(self._common(off, weight), 0.7 * variance))

    def _shares(self, lead: float) -> Floats:
        at = min(max(lead, FIRST), LAST) - FIRST
        low = int(at)
        high = min(low + 1, self._amount.shape[1] - 1)
        amount = self._amount[:, low] * (low + 1 - at) + self._amount[:, high] * (at - low)
        found: Floats = amount / np.maximum(self._amount[:, 0], 1e-9)
        return found

    def _common(self, off: Floats, weight: Floats) -> float:
        """How matches of one week are off together."""
        _, week = np.unique(self._week, return_inverse=True)
        sums = np.bincount(week, weight * off)
        alone = np.bincount(week, (weight * off) ** 2)
        pairs = np.bincount(week, weight) ** 2 - np.bincount(week, weight**2)
        return max(float((sums**2 - alone).sum() / max(pairs.sum(), 1e-9)), 0.0)


def _after(row: Codes, lead: Floats, amount: Floats, count: int) -> Floats:
    """Amounts placed at least so many hours before each match: `(count, LAST - FIRST + 1)`."""
    width = LAST - FIRST + 1
    # An hour of bets lies between its lead and one hour less, in one or two whole hours.
    begin = np.clip(lead, FIRST + 1, LAST) - FIRST
    whole = np.floor(begin).astype(np.int64)
    part = begin - whole
    bins: NDArray[np.int64] = row * width
    found: Floats = np.bincount(
        bins + np.minimum(whole, width - 1), amount * part, count * width
    ).astype(np.float64)
    found += np.bincount(bins + whole - 1, amount * (1 - part), count * width)
    hours = found.reshape(count, width)
    cumulated: Floats = np.cumsum(hours[:, ::-1], axis=1)[:, ::-1]
    return cumulated
