"""Money a customer: how sure a mean and a ratio of means are, and whether two means differ."""

import numpy as np
from scipy import stats

from valuebox.growth.amounts import Amounts, amounts, spread, sums
from valuebox.growth.dealing import p_value
from valuebox.growth.rates import LEVEL, Interval

__all__ = ["Amounts", "amounts", "mean_interval", "p_value", "ratio_interval"]


def mean_interval(total: float, squares: float, customers: int, level: float = LEVEL) -> Interval:
    """Interval of a mean by Student's t.

    Args:
        total: Sum of the amounts.
        squares: Sum of their squares.
        customers: How many there are, at least two.
        level: How often the true mean is to lie within.
    """
    mean = total / customers
    variance = max(0.0, squares / customers - mean**2) / (customers - 1)
    reach = float(stats.t.ppf((1 + level) / 2, customers - 1) * np.sqrt(variance))
    return mean - reach, mean + reach


def ratio_interval(samples: Amounts, level: float = LEVEL) -> tuple[float, float | None]:
    """Interval of the second mean as a multiple of the first.

    By the delta method on the logarithm, with the covariance that shared customers bring; the
    degrees of freedom are those who brought anything.

    Returns:
        Both ends; (0, None) where a mean is not above 0 or has a single customer behind it.
    """
    first, second = samples.means
    backed = [
        int(np.count_nonzero(samples.alone[one]) + np.count_nonzero(samples.pairs[:, one]))
        for one in (0, 1)
    ]
    if first <= 0 or second <= 0 or min(backed) < 2:
        return 0.0, None
    variance_1, variance_2, covariance = spread(samples, sums(samples))
    variance = variance_1 / first**2 + variance_2 / second**2 - 2 * covariance / (first * second)
    reach = stats.t.ppf((1 + level) / 2, min(backed) - 1) * np.sqrt(max(0.0, variance))
    return float(second / first * np.exp(-reach)), float(second / first * np.exp(reach))
