"""Shares of customers who did something: how sure they are, and whether two differ."""

import math
from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

LEVEL: Final = 0.9
"""Level of every interval and band: the truth is meant to lie within 90 of 100."""
Interval = tuple[float, float]

_REACH: Final = 12.0
"""Standard deviations beyond which a count is as good as impossible."""


class Paired(NamedTuple):
    """Responses of two samples of customers, of whom some may be in both."""

    customers: tuple[int, int]
    responders: tuple[int, int]
    shared: int = 0
    """Customers who are in both samples."""
    twice: int = 0
    """Customers of both samples who responded in both."""
    only: tuple[int, int] = (0, 0)
    """Customers of both samples who responded in the first only, and in the second only."""

    @property
    def rates(self) -> tuple[float, float]:
        """Responders for each customer."""
        return (
            self.responders[0] / self.customers[0],
            self.responders[1] / self.customers[1],
        )


def wilson(responders: float, customers: int, level: float = LEVEL) -> Interval:
    """Interval of a rate.

    Wilson (1927), Probable inference, the law of succession, and statistical inference.

    Args:
        responders: How many of `customers` did it; halves are of those who did it half.
        customers: At least one.
        level: How often the true rate is to lie within.
    """
    z, n, rate = float(scipy.special.ndtri((1 + level) / 2)), customers, responders / customers
    middle = rate + z**2 / (2 * n)
    reach = z * math.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    low, high = (one / (1 + z**2 / n) for one in (middle - reach, middle + reach))
    # Rounding leaves nothing of nothing, and everything of all.
    return low if responders else 0.0, high if responders < customers else 1.0


def ratio_interval(samples: Paired, level: float = LEVEL) -> tuple[float, float | None]:
    """Interval of the second rate as a multiple of the first.

    From the Wilson intervals of both and the correlation that shared customers bring: Donner and
    Zou (2012), Closed-form confidence intervals for functions of the normal mean and standard
    deviation, eq. 9 (MOVER-R).

    Returns:
        Both ends; the upper one is None where the first rate may be 0.
    """
    first, second = (
        (rate, *wilson(responders, customers, level))
        for rate, responders, customers in zip(
            samples.rates, samples.responders, samples.customers, strict=True
        )
    )
    return quotient_interval(second, first, _correlation(samples))


def quotient_interval(
    over: tuple[float, float, float], under: tuple[float, float, float], r: float = 0.0
) -> tuple[float, float | None]:
    """Interval of a quotient of two figures that are not below 0, by the interval of either.

    Args:
        over: The figure that is divided, and both ends of its interval.
        under: The figure that divides.
        r: Correlation of the two estimates.

    Returns:
        Both ends, at the level of the intervals given; the upper one is None where the figure that
        divides may be 0.
    """
    (second, low_2, high_2), (first, low_1, high_1) = over, under
    upper = None if low_1 <= 0 else _end((second, high_2), (first, low_1), r, 1)
    return _end((second, max(low_2, 0.0)), (first, high_1), r, -1) or 0.0, upper


def _end(over: Interval, under: Interval, r: float, sign: int) -> float | None:
    """One end of the interval of over / under; each is an estimate and its own end."""
    (second, end_2), (first, end_1) = over, under
    if sign > 0 and first == 0:
        return None
    if first == 0:
        return end_2 / end_1
    product = first * second - r * abs(second - end_2) * abs(end_1 - first)
    below = end_1 * (2 * first - end_1)
    root = np.sqrt(max(0.0, product**2 - end_2 * (2 * second - end_2) * below))
    return max(0.0, float((product + sign * root) / below))


def p_value(samples: Paired) -> float:
    """How likely a difference as large is where both rates are the same, two-sided.

    Exact at any size: without a difference, at most 5 in 100 are 0.05 or smaller. Given how many
    responded, whoever is in one sample may as well have been in the other (Fisher), and whoever
    is in both and responded once may as well have in the other (McNemar); what the second sample
    has of both is summed up.
    """
    only, twice = samples.only, samples.twice
    alone = [size - samples.shared for size in samples.customers]
    responded = [total - twice - once for total, once in zip(samples.responders, only, strict=True)]
    fisher = _hypergeometric(sum(alone), sum(responded), alone[1])
    mcnemar = _fair(sum(only))
    together = np.maximum(scipy.signal.fftconvolve(fisher.weights, mcnemar.weights), 0.0)
    seen = responded[1] + only[1] - fisher.start - mcnemar.start
    if not 0 <= seen < len(together):
        return 0.0
    # What is equal may differ in its last bits.
    return min(1.0, float(together[together <= together[seen] * (1 + 1e-7)].sum()))


class _Counts(NamedTuple):
    """How likely each count from `start` on is."""

    start: int
    weights: NDArray[np.float64]


def _hypergeometric(customers: int, responders: int, drawn: int) -> _Counts:
    if not customers:
        return _Counts(0, np.ones(1))
    share = responders / customers
    without = (customers - drawn) / max(customers - 1, 1)
    variance = drawn * share * (1 - share) * without
    counts = _likely(drawn * share, variance, max(0, drawn - customers + responders), responders)
    return _Counts(int(counts[0]), scipy.stats.hypergeom.pmf(counts, customers, responders, drawn))


def _fair(tosses: int) -> _Counts:
    counts = _likely(tosses / 2, tosses / 4, 0, tosses)
    return _Counts(int(counts[0]), scipy.stats.binom.pmf(counts, tosses, 0.5))


def _likely(mean: float, variance: float, low: int, high: int) -> NDArray[np.int64]:
    reach = _REACH * variance**0.5 + 1
    start, end = max(low, int(mean - reach)), min(high, int(mean + reach) + 1)
    return np.arange(start, end + 1)


def _correlation(samples: Paired) -> float:
    """Correlation of the two estimated rates, which shared customers bring about."""
    if not samples.shared:
        return 0.0
    shares = [(samples.twice + once) / samples.shared for once in samples.only]
    covariance = samples.twice / samples.shared - shares[0] * shares[1]
    n = samples.customers
    spread = [rate * (1 - rate) for rate in samples.rates]
    if not all(spread):
        return 0.0
    # cov(mean 1, mean 2) / (deviation 1 · deviation 2)
    estimated = covariance * samples.shared / (n[0] * n[1])
    return float(estimated / np.sqrt(spread[0] / n[0] * spread[1] / n[1]))
