"""Money a customer: how sure a mean and a ratio of means are, and whether two means differ."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from scipy import stats

from valuebox.growth.columns import Floats, Mask
from valuebox.growth.rates import LEVEL, Interval

_SHUFFLES: Final = 2_000
_SURE: Final = 10
"""As many times more are tried where a few decide: by chance 0.012 may be seen as 0.008."""
_NEAR: Final = 0.05
_SHUFFLED: Final = 2_000
"""Customers with any money up to which chance is tried out; with more it is known."""


@dataclass(frozen=True)
class Amounts:
    """What two samples of customers brought; customers who brought nothing are only counted."""

    customers: tuple[int, int]
    alone: tuple[Floats, Floats]
    """Of customers who are in one sample only."""
    pairs: Floats
    """Of those who are in both, `(n_pairs, 2)`."""
    shared: int = 0
    """How many those are, whether they brought anything or not."""

    @property
    def means(self) -> tuple[float, float]:
        """Amount a customer."""
        first, second = (
            float(self.alone[one].sum() + self.pairs[:, one].sum()) / self.customers[one]
            for one in (0, 1)
        )
        return first, second


def amounts(first: Floats, second: Floats, in_first: Mask, in_second: Mask) -> Amounts:
    """Two samples of the same list of customers.

    Args:
        first: What each customer brought in the first sample, `(n_customers,)`.
        second: In the second.
        in_first: Whether each is in the first sample.
        in_second: In the second.
    """
    both = in_first & in_second
    pairs = np.column_stack([first[both], second[both]])
    only_1, only_2 = first[in_first & ~in_second], second[in_second & ~in_first]
    return Amounts(
        (int(in_first.sum()), int(in_second.sum())),
        (only_1[only_1 != 0], only_2[only_2 != 0]),
        pairs[(pairs != 0).any(axis=1)],
        int(both.sum()),
    )


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
    variance_1, variance_2, covariance = _spread(samples, _sums(samples))
    spread = variance_1 / first**2 + variance_2 / second**2 - 2 * covariance / (first * second)
    reach = stats.t.ppf((1 + level) / 2, min(backed) - 1) * np.sqrt(max(0.0, spread))
    return float(second / first * np.exp(-reach)), float(second / first * np.exp(reach))


def p_value(samples: Amounts, seed: int = 0) -> float:
    """How likely a difference as large is where both means are the same, two-sided.

    Amounts are dealt out anew, among the customers of both samples and between the two amounts
    of whoever is in both, and Welch's t is compared: exact where both samples are alike in
    everything, and right in the long run where they only have the same mean (Chung and Romano,
    2013). Where many have money, t is normal.

    Args:
        samples: What both brought.
        seed: Of the dealing.
    """
    seen = float(abs(_studentised(samples, _sums(samples))))
    with_money = sum(len(one) for one in samples.alone) + len(samples.pairs)
    if not with_money or not np.isfinite(seen):
        return 1.0
    if with_money > _SHUFFLED:
        return float(2 * stats.norm.sf(seen))
    rng = np.random.default_rng(seed)
    found = _reached(samples, seen, rng, 1)
    # None of the first ones count twice: what they were chosen by would bias the result.
    return found if found > _NEAR else _reached(samples, seen, rng, _SURE)


def _reached(samples: Amounts, seen: float, rng: np.random.Generator, times: int) -> float:
    """How often chance is as far off; never 0, as what was seen is one of the ways."""
    reached = sum(
        # As far off up to its last bits.
        int(
            np.count_nonzero(
                np.abs(_studentised(samples, _dealt(samples, rng))) >= seen * (1 - 1e-9)
            )
        )
        for _ in range(times)
    )
    return (1 + reached) / (1 + times * _SHUFFLES)


class _Sums(NamedTuple):
    """What a test needs of the amounts, of one way to deal them out or of many at once."""

    totals: tuple[Any, Any]
    squares: tuple[Any, Any]
    shared_totals: tuple[Any, Any]
    """Of the customers who are in both."""
    product: float
    """Of the two amounts of whoever is in both, summed up; the same however they are dealt."""


def _sums(samples: Amounts) -> _Sums:
    alone, pairs = samples.alone, samples.pairs
    shared = pairs.sum(axis=0)
    return _Sums(
        (alone[0].sum() + shared[0], alone[1].sum() + shared[1]),
        ((alone[0] ** 2).sum() + (pairs[:, 0] ** 2).sum(),
         (alone[1] ** 2).sum() + (pairs[:, 1] ** 2).sum()),
        (shared[0], shared[1]),
        float((pairs[:, 0] * pairs[:, 1]).sum()),
    )  # fmt: skip


def _dealt(samples: Amounts, rng: np.random.Generator) -> _Sums:
    """`_SHUFFLES` ways to deal them out anew; all sums are `(_SHUFFLES,)`."""
    pool = np.concatenate(samples.alone)
    alone = [size - samples.shared for size in samples.customers]
    # Those without money are dealt out as well, without being listed.
    drawn = rng.hypergeometric(len(pool), sum(alone) - len(pool), alone[1], _SHUFFLES)
    order = rng.permuted(np.tile(pool, (_SHUFFLES, 1)), axis=1)
    kept = np.arange(len(pool)) < drawn[:, None]
    order[~kept] = 0.0
    total, squares = order.sum(axis=1), (order**2).sum(axis=1)

    swap = rng.random((_SHUFFLES, len(samples.pairs))) < 0.5
    first, second = samples.pairs.T
    # What the second sample gets more of when both amounts of some change places.
    moved, moved_squares = swap @ (first - second), swap @ (first**2 - second**2)
    shared = (first.sum() - moved, second.sum() + moved)
    return _Sums(
        (pool.sum() - total + shared[0], total + shared[1]),
        ((pool**2).sum() - squares + (first**2).sum() - moved_squares,
         squares + (second**2).sum() + moved_squares),
        shared,
        float((first * second).sum()),
    )  # fmt: skip


def _studentised(samples: Amounts, sums: _Sums) -> Any:
    """Welch's t, infinite where nothing varies but the means."""
    n = samples.customers
    variance_1, variance_2, covariance = _spread(samples, sums)
    spread = np.asarray(variance_1 + variance_2 - 2 * covariance)
    apart = np.asarray(sums.totals[1] / n[1] - sums.totals[0] / n[0])
    varies = spread > 0
    certain = np.where(apart == 0, 0.0, np.inf)
    return np.where(varies, apart / np.sqrt(np.where(varies, spread, 1.0)), certain)


def _spread(samples: Amounts, sums: _Sums) -> tuple[Any, Any, Any]:
    """Variances of both means, and their covariance."""
    n = samples.customers
    variances = [
        np.maximum(0.0, squares / size - (total / size) ** 2) / size
        for size, total, squares in zip(n, sums.totals, sums.squares, strict=True)
    ]
    if not samples.shared:
        return variances[0], variances[1], 0.0
    mean_1, mean_2 = (one / samples.shared for one in sums.shared_totals)
    product = sums.product / samples.shared - mean_1 * mean_2
    return variances[0], variances[1], product * samples.shared / (n[0] * n[1])
