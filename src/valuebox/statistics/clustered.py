"""Means of rows that belong together, such as decisions of a player, and intervals that hold.

Rows of a cluster are not independent: what varies is the cluster, as a whole. Where most of the
money is that of few players the distribution of the studentised mean is lopsided, and its spread is
itself known from few clusters. The interval allows for both: the cubic transformation of Hall (On
the removal of skewness by transformation, JRSS B 54, 1992) takes out the skewness, and Student's t
has as many degrees of freedom as the kurtosis of the clusters leaves.
"""

from typing import Final, NamedTuple

import numpy as np
import scipy

from valuebox.statistics.arrays import Codes, Floats
from valuebox.statistics.rates import LEVEL

_DEGREES: Final = 1.4
"""Degrees of freedom per cluster and kurtosis.

Between 1, which is cautious, and Satterthwaite's 2 n / (kurtosis - 1), which is meant for large n.
"""
_STRAIGHT: Final = 1e-6
_LAST_BITS: Final = 1e-12


class Interval(NamedTuple):
    """A mean and its interval."""

    value: float
    lower: float
    upper: float
    error: float
    """Standard error of the mean, by clusters."""


def mean_interval(
    amount: Floats, cluster: Codes, weight: Floats | None = None, level: float = LEVEL
) -> Interval:
    """Interval of the sum of amounts over the sum of weights, by clusters of rows.

    Args:
        amount: Of each row, `(n_rows,)`; there is at least one.
        cluster: Code of each row's cluster from 0, `(n_rows,)`.
        weight: What each row counts in the denominator, `(n_rows,)`; None for 1 each, which gives
            the mean of the rows.
        level: How often the interval shall hold the mean.

    Returns:
        In the unit of the amounts; from minus to plus infinity where there is but one cluster.
    """
    sums = np.bincount(cluster, amount).astype(np.float64)
    counts = np.bincount(cluster, weight).astype(np.float64)
    seen = np.bincount(cluster) > 0
    return _interval(sums[seen], counts[seen], level)


def _interval(sums: Floats, counts: Floats, level: float) -> Interval:
    total, n = float(counts.sum()), len(sums)
    value = float(sums.sum()) / total
    if n < 2:
        return Interval(value, -np.inf, np.inf, np.inf)
    deviation = sums - value * counts
    squared = deviation * deviation
    squares = float(squared.sum())
    if squares <= (_LAST_BITS * float(np.abs(sums).sum())) ** 2:
        return Interval(value, value, value, 0.0)
    error = float(np.sqrt(squares * n / (n - 1))) / total
    kurtosis = n * float((squared * squared).sum()) / squares**2
    # Skewness of the mean, which is that of the clusters over the root of their number.
    skewness = float((squared * deviation).sum()) / squares**1.5
    degrees = max(_DEGREES * n / kurtosis, 1.0)
    quantile = float(scipy.special.stdtrit(degrees, (1 + level) / 2))
    lower, upper = (_straightened(one, skewness) for one in (quantile, -quantile))
    return Interval(value, value - error * lower, value - error * upper, error)


def _straightened(quantile: float, skewness: float) -> float:
    """What the studentised mean is where its transform, which is not lopsided, is a quantile."""
    if abs(skewness) < _STRAIGHT:
        return quantile
    inside = np.cbrt(1 + skewness * (quantile - skewness / 6))
    return float((inside - 1) * 3 / skewness)
