"""Money a customer in two samples: sums of it, and Welch's t of its means."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from valuebox.statistics.arrays import Floats, Mask

_LAST_BITS: Final = 1e-12


@dataclass(frozen=True)
class Amounts:
    """What two samples of customers brought; customers who brought nothing are only counted."""

    customers: tuple[int, int]
    alone: tuple[Floats, Floats]
    """Amounts of customers who are in one sample only, by sample."""
    pairs: Floats
    """Amounts of customers who are in both samples, `(n_pairs, 2)`."""
    shared: int = 0
    """Number of customers who are in both samples, whether they brought anything or not."""

    @property
    def means(self) -> tuple[float, float]:
        """Mean amount for each customer, by sample."""
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


class Sums(NamedTuple):
    """What a test needs of the amounts, of one way to deal them out or of many at once."""

    totals: tuple[Any, Any]
    squares: tuple[Any, Any]
    shared_totals: tuple[Any, Any]
    """Sums of the amounts of customers who are in both samples, by sample."""
    product: float
    """Sum of each shared customer's product of both amounts; the same however they are dealt."""


def sums(samples: Amounts) -> Sums:
    """Sums of the amounts that were seen."""
    alone, pairs = samples.alone, samples.pairs
    shared = pairs.sum(axis=0)
    return Sums(
        (alone[0].sum() + shared[0], alone[1].sum() + shared[1]),
        ((alone[0] ** 2).sum() + (pairs[:, 0] ** 2).sum(),
         (alone[1] ** 2).sum() + (pairs[:, 1] ** 2).sum()),
        (shared[0], shared[1]),
        float((pairs[:, 0] * pairs[:, 1]).sum()),
    )  # fmt: skip


def studentised(samples: Amounts, found: Sums) -> Any:
    """Welch's t of the second mean minus the first, infinite where nothing varies but the means."""
    n = samples.customers
    variance_1, variance_2, covariance = spread(samples, found)
    variance = np.asarray(variance_1 + variance_2 - 2 * covariance)
    squares = [np.asarray(one / size) for one, size in zip(found.squares, n, strict=True)]
    apart = np.asarray(found.totals[1] / n[1] - found.totals[0] / n[0])
    # Differences of as little as this are those of rounding.
    apart = np.where(apart**2 > _LAST_BITS**2 * (squares[0] + squares[1]), apart, 0.0)
    varies = variance > _LAST_BITS * (squares[0] / n[0] + squares[1] / n[1])
    certain = np.where(apart == 0, 0.0, np.copysign(np.inf, apart))
    return np.where(varies, apart / np.sqrt(np.where(varies, variance, 1.0)), certain)


def spread(samples: Amounts, sums: Sums) -> tuple[Any, Any, Any]:
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
