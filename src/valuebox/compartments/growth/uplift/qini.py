"""How much more is gained by treating those first who are said to respond most."""

from typing import NamedTuple

import numpy as np

from valuebox.compartments.growth.loaded.frames import summed
from valuebox.statistics.arrays import Codes, Floats, Mask
from valuebox.statistics.rates import LEVEL, Interval

_POINTS = 20
_DRAWS = 200


class Qini(NamedTuple):
    """The curve and its area, with intervals of the bootstrap over customers."""

    shares: Floats
    """Share of customers who are treated, best scores first, `(n_points,)`; the last one is 1."""
    gains: Floats
    """Gain by treating that share, for each customer of all, treated or not."""
    gain_intervals: list[Interval]
    coefficient: float
    """Mean of the gains less those of treating as many by chance."""
    interval: Interval


def qini(score: Floats, treated: Mask, outcome: Floats, seed: int = 0) -> Qini:
    """Judge scores by an experiment in which they were not used.

    Radcliffe (2007), Using control groups to target on predicted lift. Of those with the best
    scores, what the treated ones did is compared with what the others would have in as large a
    number. Equal scores are dealt out by chance.

    Args:
        score: The higher, the earlier a customer is treated, `(n_customers,)`.
        treated: Who was, by chance.
        outcome: What each did.
        seed: Of ties and of the bootstrap.
    """
    rng = np.random.default_rng(seed)
    n = len(score)
    order = np.lexsort((rng.random(n), -score))
    place = np.empty(n, dtype=np.intp)
    place[order] = np.arange(n) * _POINTS // n
    shares = np.cumsum(np.bincount(place, minlength=_POINTS)) / n
    seen = _gains(place, treated, outcome, np.ones(n))
    drawn = np.array(
        [_gains(place, treated, outcome, rng.poisson(1.0, n).astype(float)) for _ in range(_DRAWS)]
    )
    areas = _area(drawn, shares)
    return Qini(
        shares,
        seen,
        [_ends(drawn[:, at]) for at in range(_POINTS)],
        float(_area(seen[None], shares)[0]),
        _ends(areas),
    )


def effects(part: Codes, treated: Mask, outcome: Floats, n_parts: int) -> Floats:
    """Mean outcome of the treated less that of the others, by part; NaN without either."""
    found = []
    for these in (treated, ~treated):
        size = np.bincount(part[these], minlength=n_parts)
        total = summed(part[these], outcome[these], n_parts)
        found.append(np.divide(total, size, out=np.full(n_parts, np.nan), where=size > 0))
    difference: Floats = found[0] - found[1]
    return difference


def _gains(place: Codes, treated: Mask, outcome: Floats, weight: Floats) -> Floats:
    """What is gained at each point, for each customer of all."""
    sums = []
    for these in (treated, ~treated):
        w = weight[these]
        size = np.cumsum(summed(place[these], w, _POINTS))
        sums.append((size, np.cumsum(summed(place[these], w * outcome[these], _POINTS))))
    (treated_n, treated_sum), (other_n, other_sum) = sums
    # Nothing is known to be gained where there are no others to compare with.
    scaled = np.divide(other_sum * treated_n, other_n, out=treated_sum.copy(), where=other_n > 0)
    gained: Floats = (treated_sum - scaled) / max(treated_n[-1], 1.0)
    return gained


def _area(gains: Floats, shares: Floats) -> Floats:
    """Mean of the gains less those of treating as many by chance, by row."""
    by_chance = gains[:, -1:] * shares
    apart = np.hstack([np.zeros((len(gains), 1)), gains - by_chance])
    found: Floats = np.trapezoid(apart, np.append(0.0, shares), axis=1)
    return found


def _ends(values: Floats) -> Interval:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
