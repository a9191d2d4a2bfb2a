"""What bets are worth: how many there are tells of a match, and how large single ones are does not.

Amounts of single bets scatter by far more than the number of bets does. Bets are therefore valued
at the mean amount of their days, and of bets so long before a match; of the match itself as far as
its bets are many, and matches differ (credibility; Buhlmann, Experience rating and credibility,
ASTIN Bulletin 4, 1967). Sums of such values say what a match draws, with a fraction of the noise.
"""

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from valuebox.compartments.handle.book import DAY, HOUR, Bets, Book, added
from valuebox.statistics.arrays import Codes, Floats

_LEADS: Final = (0.0, 1.0, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0)
"""Hours before a match between which bets are taken to be alike."""
_LEAST: Final = 0.02
"""Share of its value that is believed of a bet at least."""
_HALF_LIFE: Final = 20.0
"""Days away at which bets say half as much of what bets are worth."""
_JUMPS: Final = (1, 2, 3, 4, 5, 7, 10, 14, 20, 28)
"""How many days ago all amounts may have changed at once."""
_MANY: Final = 20
"""Bets of a day by which it tells how far days are apart."""
_LIKELY: Final = 0.05
_SIZE: Final = 0.6
"""How likely such a change is within these days, and its deviation in logarithms."""


class Stakes(NamedTuple):
    """Bets at their values."""

    book: Book
    """A book with a row of bets for each match and hour, whose amount is their value."""
    scatter: float
    """Variance of a sum of amounts by its value, where the number of bets is known."""


def valued(book: Book) -> Stakes:
    """The bets of a book at what such bets are worth.

    Args:
        book: What is known, cut at the moment that counts.
    """
    bets = _by_hour(book.bets)
    total, count = float(bets.amount.sum()), float(bets.count.sum())
    if not total:
        return Stakes(book, 0.0)
    known = replace(book, bets=bets)
    roughness = count * float(bets.squares.sum()) / total**2
    value = bets.count * total / count
    value = value * _by_lead(known, value, roughness - 1)
    value = value * _by_day(bets, value, roughness)
    own = np.square(value) / np.maximum(bets.count, 1e-9)
    scatter = max(float(bets.squares.sum() / own.sum()) - 1, 0.0)
    # Bets on matches that are not known are of one group.
    match = known.of_bets + 1
    factor, believed = _credible(match, bets, value, scatter)
    # What is made of a match's own amounts scatters as these do.
    squares = own * np.square(factor[match]) * (1 + scatter * believed[match])
    worth = replace(bets, amount=value * factor[match], squares=squares)
    return Stakes(replace(book, bets=worth), scatter * float(own.sum()) / total)


def _by_hour(bets: Bets) -> Bets:
    """Bets of a match and hour in a single row, in order: whichever loads they came by.

    Later loads change the order of rows, and how they are split, and last digits tell of that.
    """
    order = np.lexsort((bets.placed, bets.match))
    rows: Bets = bets.take(order)
    is_new = (np.diff(rows.match, prepend=0) != 0) | (
        np.diff(rows.placed.astype(np.int64), prepend=-1) != 0
    )
    first = np.flatnonzero(is_new)
    sums = {
        name: added(np.add.reduceat(getattr(rows, name), first)) if len(first) else rows.amount
        for name in ("amount", "gross", "count", "squares")
    }
    split: Bets = replace(rows.take(first), **sums)
    return split


def _by_lead(book: Book, value: Floats, scatter: float) -> Floats:
    """By how much bets so long before their match are worth more, by row."""
    bets, of = book.bets, book.of_bets
    lead = np.zeros(len(bets))
    is_of = of >= 0
    lead[is_of] = (book.matches.kickoff[of[is_of]] - bets.placed[is_of]) / HOUR
    place = np.searchsorted(_LEADS, lead)
    factor, _ = _credible(place, bets, value, scatter)
    return factor[place]


def _by_day(bets: Bets, value: Floats, roughness: float) -> Floats:
    """By how much bets of the days around each row are worth more than their values."""
    day = ((bets.placed - bets.placed.min()) / DAY).astype(np.int64)
    back = ((bets.placed.max() - bets.placed) / DAY).astype(np.int64)
    amounts, values = (added(np.bincount(day, one)) for one in (bets.amount, value))
    level = np.maximum(_around(amounts) / np.maximum(_around(values), 1e-9), 1e-6)
    found: Floats = level[day] * np.exp(_jumped(bets, value * level[day], back, roughness))[back]
    return found


def _around(sums: Floats) -> Floats:
    """Sums of the days around each, those that are away counting less."""
    kept = 0.5 ** (1 / _HALF_LIFE)
    found = np.zeros((2, len(sums)))
    for side, there in enumerate((sums, sums[::-1])):
        so_far = 0.0
        for at, one in enumerate(there.tolist()):
            so_far = so_far * kept + one
            found[side, at] = so_far
    around: Floats = found[0] + found[1][::-1] - sums
    return around


def _jumped(bets: Bets, value: Floats, back: Codes, roughness: float) -> Floats:
    """By how much all amounts may have changed of late, in logarithms, by days back.

    Each of some days on which that may have been is an explanation of the days since, and counts as
    much as the amounts make it likely.
    """
    last = int(back.max()) + 1
    found, weights = [np.zeros(last)], [1 - _LIKELY]
    near = back < _JUMPS[-1] + 3 * _HALF_LIFE
    amounts, values, counts = (
        added(np.bincount(back[near], one[near], last)) for one in (bets.amount, value, bets.count)
    )
    # Whoever bets much does so on several matches of a day: days scatter more than single bets.
    some = counts >= _MANY
    off = np.square(amounts[some] / values[some] - 1) * counts[some]
    roughness = max(roughness, float(off.mean()) if some.any() else 0.0)
    for days in _JUMPS:
        late, early = slice(0, days), slice(days, None)
        if min(counts[late].sum(), counts[early].sum(), amounts[late].sum()) <= 0:
            continue
        both = [np.log(amounts[one].sum() / values[one].sum()) for one in (late, early)]
        chance = roughness * (1 / counts[late].sum() + 1 / counts[early].sum())
        precision = 1 / _SIZE**2 + 1 / chance
        seen = float(both[0] - both[1])
        size = seen / chance / precision
        likely = np.exp(min(size**2 * precision / 2, 300.0)) / (_SIZE * np.sqrt(precision))
        moved = np.full(last, both[1])
        moved[late] = both[1] + size
        found.append(moved)
        weights.append(_LIKELY / len(_JUMPS) * likely)
    jumped: Floats = np.average(found, axis=0, weights=weights)
    # Days that are further back are as their surroundings say.
    jumped[min(_JUMPS[-1] + int(_HALF_LIFE), last) :] = 0.0
    return jumped


def _credible(group: Codes, bets: Bets, value: Floats, scatter: float) -> tuple[Floats, Floats]:
    """By how much bets of each group are worth more, and how far that is believed.

    Groups that differ by no more than chance are worth the same, and few bets say little.

    Args:
        group: Of each row of bets.
        bets: The bets.
        value: What is believed of each row before.
        scatter: Variance of the amount of a bet, by the square of its value.
    """
    amount, worth, count = (
        added(np.bincount(group, one)) for one in (bets.amount, value, bets.count)
    )
    some = (count > 0) & (worth > 0)
    if scatter <= 0 or some.sum() < 2:
        return np.ones(len(count)), np.zeros(len(count))
    off = np.where(some, amount / np.maximum(worth, 1e-9) - 1, 0.0)
    weight = np.where(some, count / scatter, 0.0)
    # How far groups are apart (DerSimonian and Laird, Meta-analysis in clinical trials, 1986).
    total = float(weight.sum())
    mean = float(weight @ off) / total
    excess = float(weight @ (off - mean) ** 2) - (int(some.sum()) - 1)
    apart = max(excess / (total - float(weight @ weight) / total), 0.0)
    believed = apart * count / (apart * count + scatter)
    return np.maximum(1 + believed * off, _LEAST), believed
