"""Money a customer: how sure a ratio of means is, and whether two means differ."""

import numpy as np
from scipy import stats

from valuebox.growth.amounts import Amounts, amounts, spread, sums
from valuebox.growth.dealing import p_value
from valuebox.growth.rates import LEVEL

__all__ = ["Amounts", "amounts", "p_value", "ratio_interval"]


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
