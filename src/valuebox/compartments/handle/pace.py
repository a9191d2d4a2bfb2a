"""How much of a match's handle is there how long before it begins: the booking curve.

The share that earlier matches had at a lead is a weighted mean: those of the same slot count most,
since bets follow the hours of the day. How far single matches were from it says how much a share
of today is to be believed (Weatherford and Kimes, A comparison of forecasting methods for hotel
revenue management, International Journal of Forecasting 19, 2003).
"""

from collections.abc import Sequence
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


class _Levels(NamedTuple):
    mean: Floats
    """Of each piece, as all but `weight`: `(n_pieces,)`."""
    weight: Floats
    """What each match says of each, as the inverse of a variance: `(n_pieces, n_matches)`."""
    everywhere: Floats
    """Variance of the mean of all slots, by its square."""
    of_slot: Floats
    """Variance of how far the slot is from it, likewise."""


class Pace:
    """Booking curves of matches that are over.

    Args:
        book: What is known.
        over: Positions of the matches that are over.
    """

    def __init__(self, book: Book, over: Codes):
        names = keys(book.matches.slot[over])
        # Matches of a slot stand together, so that these are added up at once.
        over = over[np.argsort(names, kind="stable")]
        self._slots, first = np.unique(np.sort(names), return_index=True)
        self._by_slot = _Groups(np.arange(len(over)), first)
        week = book.matches.season[over] * 100 + book.matches.week[over]
        order = np.argsort(week, kind="stable")
        self._by_week = _Groups(order, np.unique(week[order], return_index=True)[1])
        day = (book.matches.kickoff[over] - np.datetime64(0, "s")) / (24 * HOUR)
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
        self._found: dict[tuple[str, tuple[float, ...]], Curve] = {}
        self._recent = 0.5 ** ((day.max() - day if len(over) else day) / _HALF_LIFE)
        self._chance = self.roughness / np.maximum(self._count, 1.0)

    least = 1e-4
    """Share that is expected at least."""

    def curve(self, slot: str, leads: tuple[float, ...]) -> Curve:
        """The shares that come up to the first of `leads`, from there to the second and so on.

        Args:
            slot: Of the match.
            leads: Hours before the match, descending; below 0 after its beginning.
        """
        return self.curves([(slot, leads)])[0]

    def curves(self, asked: Sequence[tuple[str, tuple[float, ...]]]) -> list[Curve]:
        """The curve of several matches at once, of as many leads each, which takes less time."""
        new = [one for one in dict.fromkeys(asked) if one not in self._found]
        if new:
            self._found.update(zip(new, self._curves(new), strict=True))
        return [self._found[one] for one in asked]

    def _curves(self, asked: Sequence[tuple[str, tuple[float, ...]]]) -> list[Curve]:
        leads = np.array([one for _, one in asked])
        count, each = leads.shape
        if not self._count.sum():
            none = np.zeros(each)
            return [Curve(none + self.least, np.eye(each), none, none)] * count
        pieces = np.diff(self._shares(leads), axis=1, prepend=0.0)
        slots = np.repeat(keys(slot for slot, _ in asked), each)
        levels = self._levels(pieces.reshape(count * each, -1), slots)
        mean, everywhere, of_slot = (
            one.reshape(count, each) for one in (levels.mean, levels.everywhere, levels.of_slot)
        )
        weight = levels.weight.reshape(pieces.shape)
        off, roots = pieces / mean[:, :, None] - 1, np.sqrt(weight)
        sampling = np.eye(each) / mean[:, :, None] - 1
        found = _pairs(roots * off, roots * off)
        found -= sampling * _pairs(roots * self._chance, roots)
        found = _positive(np.log1p(np.maximum(found / _pairs(roots, roots), -0.9)))
        here = np.arange(each)
        variance = np.maximum(found[:, here, here], (_OWN * np.maximum(1 - mean, 0.0)) ** 2)
        found[:, here, here] = variance
        common = np.sqrt(np.minimum(self._common(off, weight), 0.7 * variance))
        alone = _positive(found - common[:, :, None] * common[:, None, :])
        shared = np.sqrt(common**2 + everywhere)
        return [Curve(*one) for one in zip(mean, alone, shared, np.sqrt(of_slot), strict=True)]

    def _levels(self, mine: Floats, slots: Codes) -> _Levels:
        """Mean shares of slots, between those of their own matches and those of all.

        Sums are of each row alone: what else is asked about does not decide on the last digits.
        """
        whole = self._recent * self._count
        mean = np.clip((whole * mine).sum(1) / whole.sum(), self.least, 1.0)
        variance = 0.1 * (1 - mean)
        for _ in range(_ROUNDS):
            # Few bets say less of a share, and matches differ in pace however many bets they have.
            rest = 1 - mean
            chance = (rest / mean)[:, None] * self._chance
            own = variance + (_OWN * rest) ** 2 + 1e-9
            weight = self._recent / (own[:, None] + chance)
            total = weight.sum(1)
            mean = np.clip((weight * mine).sum(1) / total, self.least, 1.0)
            away = mine / mean[:, None] - 1
            sums = self._by_slot.sums(weight)
            off = self._by_slot.sums(weight * away) / sums
            within = away - self._by_slot.spread(off)
            free = total - (self._by_slot.sums(weight**2) / sums).sum(1)
            variance = (weight * within**2).sum(1) / np.maximum(free, 0.1 * total)
            variance = np.maximum(variance - (weight * chance).sum(1) / total, 0.0)
        # How far slots are apart (DerSimonian and Laird, Meta-analysis in clinical trials, 1986).
        excess = np.maximum((sums * off**2).sum(1) - (len(self._slots) - 1), 0.0)
        apart = excess / np.maximum(total - (sums**2).sum(1) / total, 1e-9)
        apart += _SLOTS * (1 - mean) ** 2 + 1e-9
        is_own = slots[:, None] == self._slots
        mine_only = (sums * is_own).sum(1)
        nearer = (off * is_own).sum(1) * mine_only / (mine_only + 1 / apart)
        mean = np.clip(mean * (1 + nearer), self.least, 1.0)
        return _Levels(mean, weight, 1 / total, 1 / (mine_only + 1 / apart))

    def _shares(self, leads: Floats) -> Floats:
        """Shares of all matches that were there at leads: `(*leads.shape, n_matches)`."""
        at = np.clip(leads, FIRST, LAST) - FIRST
        low = at.astype(np.int64)
        part = (at - low)[..., None]
        high = np.minimum(low + 1, self._amount.shape[1] - 1)
        hours = self._amount.T
        amount = hours[low] * (1 - part) + hours[high] * part
        found: Floats = amount / np.maximum(self._amount[:, 0], 1e-9)
        return found

    def _common(self, off: Floats, weight: Floats) -> Floats:
        """How matches of one week are off together, by piece: as `off` without its last axis."""
        own = weight * off
        sums, weights = self._by_week.sums(own), self._by_week.sums(weight)
        pairs = (weights**2).sum(-1) - (weight**2).sum(-1)
        together = (sums**2).sum(-1) - (own**2).sum(-1)
        seen = np.maximum(together / np.maximum(pairs, 1e-9), 0.0)
        # Chance alone makes of few bets as much as this: what is no more is hardly believed.
        chance = 2 / np.maximum(pairs, 1e-9)
        found: Floats = seen**3 / (seen**2 + chance)
        return found


class _Groups:
    """Matches by group.

    Args:
        order: Positions of the matches, those of a group one after another.
        first: Where each group begins among these.
    """

    def __init__(self, order: Codes, first: Codes):
        self._order, self._first = order, first
        self._is_in_order = bool((order == np.arange(len(order))).all())
        self._sizes = np.diff(first, append=len(order))

    def sums(self, values: Floats) -> Floats:
        """Values of matches, which are the last axis, added up by group."""
        rows = values if self._is_in_order else values[..., self._order]
        found: Floats = np.add.reduceat(rows, self._first, axis=-1)
        return found

    def spread(self, values: Floats) -> Floats:
        """The value of its group for each match, where matches are in order."""
        found: Floats = np.repeat(values, self._sizes, axis=-1)
        return found


def _pairs(one: Floats, other: Floats) -> Floats:
    """Sums over matches of products of each two pieces: `(n, n_pieces, n_pieces)`."""
    found: Floats = (one[:, :, None, :] * other[:, None, :, :]).sum(-1)
    return found


def _positive(matrix: Floats) -> Floats:
    """The nearest matrices that are of covariances: `(n, n_pieces, n_pieces)`."""
    values, vectors = np.linalg.eigh((matrix + matrix.swapaxes(1, 2)) / 2)
    scaled = vectors * np.maximum(values, 0.0)[:, None, :]
    found: Floats = (scaled[:, :, None, :] * vectors[:, None, :, :]).sum(-1)
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
