"""Intervals that hold at all looks together, however often somebody looks."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.9
"""How sure an interval is, of all looks together."""
_TIGHT_AT = 1_000
"""Values at which the interval is as tight as it can be made; near that elsewhere."""


class Interval(NamedTuple):
    """A mean, and where it lies."""

    mean: float
    low: float
    high: float


def mean_interval(values: NDArray[np.float64], level: float = LEVEL) -> Interval | None:
    """The mean of values that are watched while they come; None of fewer than two.

    The normal mixture of Robbins, with the deviation as it is estimated (Waudby-Smith, Arbour,
    Sinha, Kennedy and Ramdas, Time-uniform central limit theory and asymptotic confidence
    sequences, 2021).

    Args:
        values: `(n,)`.
        level: How sure the interval is.
    """
    count = len(values)
    if count < 2:
        return None
    missing = 1 - level
    tight = math.sqrt((-2 * math.log(missing) + math.log(-2 * math.log(missing) + 1)) / _TIGHT_AT)
    inner = count * tight**2 + 1
    reach = float(values.std(ddof=1)) * math.sqrt(
        2 * inner / (count**2 * tight**2) * math.log(math.sqrt(inner) / missing)
    )
    mean = float(values.mean())
    return Interval(mean, mean - reach, mean + reach)


def difference_interval(
    one: NDArray[np.float64], other: NDArray[np.float64], level: float = LEVEL
) -> Interval | None:
    """How much the mean of some values is above that of others; None where either has too few.

    Args:
        one: `(n,)`.
        other: `(m,)`.
        level: How sure the interval is: each mean's is surer, so that both hold together.
    """
    each = 1 - (1 - level) / 2
    first, second = mean_interval(one, each), mean_interval(other, each)
    if first is None or second is None:
        return None
    return Interval(first.mean - second.mean, first.low - second.high, first.high - second.low)
