"""Whether two means of money differ: what was seen beside what chance deals out."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import scipy

from valuebox.statistics.amounts import Amounts, Sums, studentised, sums
from valuebox.statistics.arrays import Floats

FEWEST: Final = 20
"""Customers on either side below which nothing is tested: what a few bring proves nothing."""
TOO_FEW: Final = f"fewer than {FEWEST} customers on one side"

_SHUFFLES: Final = 2_000
_SURE: Final = 10
"""Times as many shuffles where a few decide: by chance 0.012 may be seen as 0.008."""
_NEAR: Final = 0.05
_TESTS: Final = 20
"""Tests of a report that ask for one more time of shuffles, to be able to find any."""
_LISTED: Final = 1_000
"""Amounts that are dealt one by one; the sum of all smaller ones is taken for normal."""
_TOLERATED: Final = 0.2
"""Share of itself by which a normal tail may be too small; p is made larger by as much."""
_FAR: Final = 4.5
"""Deviations by which the normal tail is as small as shuffles could ever show."""


def p_value(samples: Amounts, seed: int = 0, tests: int = 1) -> float | None:
    """How likely a difference as large is where both means are the same, two-sided.

    Amounts are dealt out anew, among the customers of both samples and between the two amounts
    of whoever is in both, and Welch's t is compared, on the side where it lies: exact where both
    samples are alike in everything, however heavy the tail and however small one of them, and
    right in the long run where they only have the same mean (Chung and Romano, 2013). Where
    skewness and kurtosis say that t is normal as far out as it lies, nothing is dealt.

    Args:
        samples: What both brought.
        seed: Of the dealing.
        tests: How many a report makes: p has to be able to become as small as they ask for.

    Returns:
        None with fewer than 20 customers on either side; 1 where nothing varies.
    """
    if min(samples.customers) < FEWEST:
        return None
    seen = float(studentised(samples, sums(samples)))
    if seen == 0:
        return 1.0
    normal = _normal(samples, abs(seen))
    if normal is not None:
        return normal
    rng = np.random.default_rng(seed)
    found = _reached(samples, seen, rng, 1)
    # None of the first ones count twice: what they were chosen by would bias the result.
    return found if found > _NEAR else _reached(samples, seen, rng, max(_SURE, tests // _TESTS))


def _reached(samples: Amounts, seen: float, rng: np.random.Generator, times: int) -> float:
    """How often chance is as far off; never 0, as what was seen is one of the ways."""
    above = below = 1
    # As far off up to its last bits.
    near = abs(seen) * 1e-9 if np.isfinite(seen) else 0.0
    for dealt in _dealt(samples, rng, times):
        chance = studentised(samples, dealt)
        above += int(np.count_nonzero(chance >= seen - near))
        below += int(np.count_nonzero(chance <= seen + near))
    return min(1.0, 2 * min(above, below) / (1 + times * _SHUFFLES))


def _normal(samples: Amounts, seen: float) -> float | None:
    """The tail of the normal distribution, enlarged by how far it may be off; None if too far.

    By the first terms of Edgeworth's expansion of a studentised mean: Hall (1992), The bootstrap
    and Edgeworth expansion, section 2.6.
    """
    n = samples.customers
    values = [*samples.alone, samples.pairs[:, 0], samples.pairs[:, 1]]
    pool = np.concatenate(values)
    everybody = n[0] + n[1]
    mean = pool.sum() / everybody
    without = everybody - len(pool)
    moments = [
        float(((pool - mean) ** power).sum() + without * (-mean) ** power) / everybody
        for power in (2, 3, 4)
    ]
    if moments[0] <= 0:
        return None
    skewness, kurtosis = moments[1] / moments[0] ** 1.5, moments[2] / moments[0] ** 2
    spread = 1 / n[0] + 1 / n[1]
    skewed = abs(skewness * (1 / n[0] - 1 / n[1])) / spread**0.5
    peaked = kurtosis * (1 / n[0] ** 3 + 1 / n[1] ** 3) / spread**2

    def off(far: float) -> float:
        return float(skewed * far * (2 * far**2 + 1) / 6 + peaked * (far**4 + 3) / 12)

    far = min(seen, _FAR)
    if off(far) > _TOLERATED:
        return None
    # The tail beyond is smaller still, if not by as much as a normal one.
    return min(1.0, float(2 * scipy.stats.norm.sf(far)) * (1 + off(far)))


class _Dealing(NamedTuple):
    """Customers who are in one sample only, ready to be dealt out."""

    customers: int
    second: int
    """Number of customers in the second sample."""
    listed: Floats
    """The largest amounts, which are dealt out one by one."""
    rest: int
    """Number of customers with a smaller amount, or none."""
    mean: Floats
    """Mean of the smaller amounts, and of their squares, `(2,)`."""
    root: Floats
    """Root of the covariance of smaller amounts and their squares, `(2, 2)`; see `_root`."""


def _dealing(samples: Amounts) -> _Dealing:
    pool = np.concatenate(samples.alone)
    sizes = [size - samples.shared for size in samples.customers]
    customers = sum(sizes)
    share = min(sizes) / customers if customers else 0.0
    most = len(pool) if share * len(pool) <= _LISTED else int(_LISTED / share)
    if most < len(pool):
        pool = pool[np.argsort(-np.abs(pool), kind="stable")]
    listed, smaller = pool[:most], pool[most:]
    rest = customers - len(listed)
    both = np.stack([smaller, smaller**2])
    mean = both.sum(axis=1) / max(rest, 1)
    covariance = both @ both.T / max(rest, 1) - np.outer(mean, mean)
    return _Dealing(customers, sizes[1], listed, rest, mean, _root(covariance))


def _dealt(samples: Amounts, rng: np.random.Generator, times: int) -> Iterator[Sums]:
    """`times * _SHUFFLES` ways to deal amounts out anew; each time all sums are `(_SHUFFLES,)`."""
    alone, pairs = _dealing(samples), _Swapping.of(samples.pairs)
    pool = np.concatenate(samples.alone)
    whole = np.array([pool.sum(), (pool**2).sum()])
    product = float((samples.pairs[:, 0] * samples.pairs[:, 1]).sum())
    for _ in range(times):
        second = _second(alone, whole, rng)
        first = whole - second
        swapped, kept = pairs.swapped(rng)
        yield Sums(
            (first[:, 0] + kept[:, 0], second[:, 0] + swapped[:, 0]),
            (first[:, 1] + kept[:, 1], second[:, 1] + swapped[:, 1]),
            (kept[:, 0], swapped[:, 0]),
            product,
        )


def _second(alone: _Dealing, whole: Floats, rng: np.random.Generator) -> Floats:
    """Amount and squares that the second sample is dealt, `(_SHUFFLES, 2)`."""
    smaller = min(alone.second, alone.customers - alone.second)
    # Those without money are dealt out as well, without being listed.
    sizes = rng.hypergeometric(len(alone.listed), alone.rest, smaller, _SHUFFLES)
    drawn = _drawn(alone.listed, sizes, rng)
    if alone.rest and alone.mean[1]:
        others = smaller - sizes
        left = (alone.rest - others) / max(alone.rest - 1, 1)
        noise = rng.standard_normal((_SHUFFLES, 2)) @ alone.root.T
        drawn += others[:, None] * alone.mean + np.sqrt(others * left)[:, None] * noise
    return drawn if smaller == alone.second else whole - drawn


def _drawn(values: Floats, sizes: "np.ndarray[tuple[int], np.dtype[np.int64]]",
           rng: np.random.Generator) -> Floats:  # fmt: skip
    """Sums and sums of squares of as many values, drawn without replacement: `(n_sizes, 2)`.

    A permutation serves as many draws, side by side, as it is long enough for.
    """
    found = np.zeros((len(sizes), 2))
    # Of nothing `reduceat` would make the sum of something.
    drawing = np.flatnonzero(sizes)
    ends = np.cumsum(sizes[drawing])
    starts = ends - sizes[drawing]
    amounts, squares = np.empty((2, len(drawing)))
    done = before = 0
    while done < len(drawing):
        last = int(ends.searchsorted(before + len(values), side="right"))
        order = rng.permutation(values)[: ends[last - 1] - before]
        at = starts[done:last] - before
        np.add.reduceat(order, at, out=amounts[done:last])
        np.add.reduceat(order * order, at, out=squares[done:last])
        done, before = last, int(ends[last - 1])
    found[drawing] = np.stack([amounts, squares], axis=1)
    return found


class _Swapping(NamedTuple):
    """Both amounts of customers who are in both samples, ready to change places."""

    moved: Floats
    """What the first sample gets more of where the most different ones change places, and of
    squares: `(n_listed, 2)`."""
    half: Floats
    """What the first sample gets more of, in the mean, from all other pairs: `(2,)`."""
    root: Floats
    """Root of the covariance of what the other pairs move, `(2, 2)`; see `_root`."""
    totals: tuple[Floats, Floats]
    """Sum and sum of squares of each sample as it is, `(2,)` each."""

    @classmethod
    def of(cls, pairs: Floats) -> "_Swapping":
        """Largest differences are swapped pair by pair; all others together are normal."""
        moved = np.stack([pairs[:, 1] - pairs[:, 0], pairs[:, 1] ** 2 - pairs[:, 0] ** 2], axis=1)
        moved = moved[np.argsort(-np.abs(moved[:, 0]), kind="stable")]
        others = moved[_LISTED:]
        first, second = (
            np.array([amount.sum(), (amount**2).sum()]) for amount in (pairs[:, 0], pairs[:, 1])
        )
        return cls(
            moved[:_LISTED], others.sum(axis=0) / 2, _root(others.T @ others / 4), (first, second)
        )

    def swapped(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Sums of the second sample and of the first one, `(_SHUFFLES, 2)` each."""
        does = rng.random((_SHUFFLES, len(self.moved)), dtype=np.float32) < 0.5
        moved = does @ self.moved + self.half
        moved += rng.standard_normal((_SHUFFLES, 2)) @ self.root.T
        first, second = self.totals
        return second - moved, first + moved


def _root(covariance: Floats) -> Floats:
    """The lower triangle whose square is the covariance, which may be singular: `(2, 2)`."""
    (variance, both), (_, other) = covariance
    first = np.sqrt(max(0.0, variance))
    slope = both / first if first else 0.0
    return np.array([[first, 0.0], [slope, np.sqrt(max(0.0, other - slope**2))]])
