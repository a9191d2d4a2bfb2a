"""How far means and ratios of means of money are off, as parts of all customers show it.

Of heavy amounts, as most shops have them, Student's t holds far less than it says: a sample without
one of the few large customers has a mean that is too low and looks sure. How t is distributed is
therefore learned from parts of all customers: Politis, Romano and Wolf (1999), Subsampling. That
holds where not even the variance is finite; what it takes for granted is that groups have a tail
of the same shape, however much they bring.
"""

from abc import ABC, abstractmethod
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.statistics.arrays import Floats, Mask
from valuebox.statistics.rates import LEVEL
from valuebox.statistics.shuffling import FEWEST

_PARTS: Final = 1_000
_TENTH: Final = 10
"""Parts are at most this part of all customers: larger ones share too much of their luck."""
_POWER: Final = 0.6
_LARGEST: Final = 5_000
_STEP: Final = 2**0.5
_LEAST: Final = 5
"""Customers with money whom a part has on average, so that it tells anything."""
_ALL: Final = 200
_NORMAL: Final = 2 * NormalDist().inv_cdf((1 + LEVEL) / 2)

_MOST: Final = 2 / 3
_HEAVY: Final = 1.4
"""Times the width of a normal interval from which on a tail may be heavier than is seen."""

_TOO_FEW: Final = f"fewer than {FEWEST} customers"
_TOO_FEW_IN_ALL: Final = f"fewer than {_ALL} customers in all to learn from how amounts scatter"
_TOO_FEW_WITH_MONEY: Final = "too few customers with money to learn from how amounts scatter"
_NO_OTHERS: Final = "a few bring most, and there are too few others to learn how amounts scatter"
_NOTHING: Final = "nothing was brought to be compared with"


class Sure(NamedTuple):
    """Both ends of a 90 % interval, or why there is none."""

    low: float | None
    high: float | None
    why_not: str | None = None


class _Tails(ABC):
    """Quantiles of a studentised figure by size of a part, computed when they are asked for."""

    def __init__(self, customers: int, shares: tuple[float, ...], seed: int) -> None:
        self._customers = customers
        self._shares = shares
        self._seed = seed
        self._known: dict[int, tuple[float, float]] = {}

    @abstractmethod
    def _roots(self, parts: NDArray[np.intp]) -> Floats:
        """How far each part is off in its own standard errors: `(n_parts, size)` → `(n_parts,)`."""

    def _why_not(self, customers: tuple[int, ...], backed: tuple[int, ...]) -> str | None:
        if min(customers) < FEWEST:
            return _TOO_FEW
        if self._customers < _ALL:
            return _TOO_FEW_IN_ALL
        size = self._size(customers, backed)
        if min(backed) < 2 or size * min(self._shares) < _LEAST:
            return _TOO_FEW_WITH_MONEY
        return None

    def _size(self, customers: tuple[int, ...], backed: tuple[int, ...]) -> float:
        """Size of a part with as many customers with money, if there are enough such parts."""
        share = sum(self._shares)
        alike = sum(backed) / share if share else 0.0
        possible = (self._customers / _TENTH, float(self._customers**_POWER), _LARGEST)
        return min(alike, sum(customers), *possible)

    def _ends(self, size: float) -> tuple[float, float]:
        """Quantiles at 5 and 95 % of parts of a size, between two sizes as 1 / sqrt(n) goes."""
        step = int(np.log(size) / np.log(_STEP))
        fewer, more = round(_STEP**step), round(_STEP ** (step + 1))
        way = (size**-0.5 - fewer**-0.5) / (more**-0.5 - fewer**-0.5)
        way = min(1.0, max(0.0, way))
        (low, high), (next_low, next_high) = self._at(fewer), self._at(more)
        return low + way * (next_low - low), high + way * (next_high - high)

    def _at(self, size: int) -> tuple[float, float]:
        if size not in self._known:
            rng = np.random.default_rng([self._seed, size])
            many = self._customers // size
            found: list[Floats] = []
            for _ in range(-(-_PARTS // many)):
                order = rng.permutation(self._customers)[: min(many, _PARTS) * size]
                found.append(self._roots(order.reshape(-1, size)))
            # Parts are drawn without replacement, and so are nearer to the mean of all.
            roots = np.concatenate(found) / np.sqrt(1 - size / self._customers)
            tail = (1 - LEVEL) / 2
            low, high = np.quantile(roots, [tail, 1 - tail], method="inverted_cdf")
            self._known[size] = (float(low), float(high))
        return self._known[size]


class MeanTails(_Tails):
    """Intervals of means of money a customer, of any groups of the same customers."""

    def __init__(self, amounts: Floats, seed: int = 0) -> None:
        """Learn from all customers.

        Args:
            amounts: What each brought, `(n_customers,)`.
            seed: Of the parts that are drawn.
        """
        self._amounts = amounts
        self._mean = float(amounts.mean()) if len(amounts) else 0.0
        share = float((amounts != 0).mean()) if len(amounts) else 0.0
        super().__init__(len(amounts), (share,), seed)

    def interval(self, total: float, squares: float, customers: int, backed: int) -> Sure:
        """Interval of the mean of a group.

        Args:
            total: Sum of the amounts.
            squares: Sum of their squares.
            customers: How many there are.
            backed: How many of them brought anything.
        """
        why_not = self._why_not((customers,), (backed,))
        if why_not:
            return Sure(None, None, why_not)
        mean = total / customers
        variance = max(0.0, squares / customers - mean**2)
        error = np.sqrt(variance / (customers - 1))
        low, high = self._ends(self._size((customers,), (backed,)))
        if not np.isfinite(low + high):
            return Sure(None, None, _TOO_FEW_WITH_MONEY)
        if customers > _MOST * self._customers and high - low > _HEAVY * _NORMAL:
            return Sure(None, None, _NO_OTHERS)
        return Sure(float(mean - high * error), float(mean - low * error))

    def _roots(self, parts: NDArray[np.intp]) -> Floats:
        amounts = self._amounts[parts]
        apart = amounts.mean(axis=1) - self._mean
        return _over(apart, amounts.std(axis=1) / np.sqrt(parts.shape[1] - 1))


def _over(apart: Floats, error: Floats) -> Floats:
    """Distance in standard errors; infinite where a part is off and does not know it."""
    knows = error > 0
    unsure = np.where(apart == 0, 0.0, np.copysign(np.inf, apart))
    found: Floats = np.where(knows, apart / np.where(knows, error, 1.0), unsure)
    return found


class RatioTails(_Tails):
    """Intervals of the mean of a second sample as a multiple of that of a first one."""

    def __init__(
        self, first: Floats, second: Floats, in_first: Mask, in_second: Mask, seed: int = 0
    ) -> None:
        """Learn from the customers of both samples, of whom some may be in both.

        Args:
            first: What each brought in the first sample, `(n_customers,)`.
            second: In the second.
            in_first: Whether each is in the first sample.
            in_second: In the second.
            seed: Of the parts that are drawn.
        """
        either = in_first | in_second
        self._amounts = np.stack([first, second])[:, either]
        self._there = np.stack([in_first, in_second])[:, either]
        self._amounts = np.where(self._there, self._amounts, 0.0)
        customers = int(either.sum())
        backed = (self._amounts != 0).sum(axis=1) / max(customers, 1)
        means = self._amounts.sum(axis=1) / np.maximum(self._there.sum(axis=1), 1)
        self._log = float(np.log(means[1] / means[0])) if (means > 0).all() else None
        super().__init__(customers, (float(backed[0]), float(backed[1])), seed)

    def interval(self, rows: Mask) -> Sure:
        """Interval of the ratio among some of the customers.

        Args:
            rows: Which of those that either sample has, `(n_customers of either,)`.
        """
        amounts, there = self._amounts[:, rows], self._there[:, rows]
        customers, backed = there.sum(axis=1), (amounts != 0).sum(axis=1)
        totals = amounts.sum(axis=1)
        if self._log is None or min(totals) <= 0:
            return Sure(None, None, _NOTHING)
        why_not = self._why_not(_pair(customers), _pair(backed))
        if why_not:
            return Sure(None, None, why_not)
        log, error = _log_ratio(amounts[:, None, :], there[:, None, :])
        low, high = self._ends(self._size(_pair(customers), _pair(backed)))
        if not np.isfinite(low + high):
            return Sure(None, None, _TOO_FEW_WITH_MONEY)
        ends = np.exp([log[0] - high * error[0], log[0] - low * error[0]])
        return Sure(float(ends[0]), float(ends[1]))

    def _roots(self, parts: NDArray[np.intp]) -> Floats:
        log, error = _log_ratio(self._amounts[:, parts], self._there[:, parts])
        return _over(log - (self._log or 0.0), error)


def _log_ratio(amounts: Floats, there: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Logarithm of the second mean by the first, and its standard error, by the delta method.

    Args:
        amounts: `(2, n_parts, size)`, 0 of whoever is not in a sample.
        there: Who is, of the same shape.

    Returns:
        `(n_parts,)` each; the logarithm is infinite where a mean is not above 0.
    """
    sizes = np.maximum(there.sum(axis=2), 1)
    means = amounts.sum(axis=2) / sizes
    known = (means > 0).all(axis=0)
    safe = np.where(means > 0, means, 1.0)
    moved = np.where(there, amounts - means[..., None], 0.0) / (sizes * safe)[..., None]
    error = np.sqrt(((moved[1] - moved[0]) ** 2).sum(axis=1))
    lacking = np.where(means[1] > 0, np.inf, -np.inf)
    return np.where(known, np.log(safe[1] / safe[0]), lacking), np.where(known, error, 0.0)


def _pair(values: NDArray[np.int64]) -> tuple[int, int]:
    return int(values[0]), int(values[1])
