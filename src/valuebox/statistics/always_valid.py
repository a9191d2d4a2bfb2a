"""Intervals that hold at all looks together, however often somebody looks."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.9
"""How sure an interval is, of all looks together."""
TIGHT_AT = 1_000
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
    error = float(values.std(ddof=1)) / math.sqrt(count)
    reach = error * float(multiple(np.float64(count), level))
    mean = float(values.mean())
    return Interval(mean, mean - reach, mean + reach)


def multiple(count: Any, level: float = LEVEL, tight_at: float = TIGHT_AT) -> Any:
    """How many standard errors an interval reaches to either side, for it to hold at all looks.

    Args:
        count: Independent values that the standard error is of, by look.
        level: How sure the interval is, of all looks together.
        tight_at: Values at which the interval is as tight as it can be made; named before the
            first look.

    Returns:
        Of the shape of `count`; infinite for no values.
    """
    missing = 1 - level
    tight = (-2 * math.log(missing) + math.log(-2 * math.log(missing) + 1)) / tight_at
    inner = count * tight + 1
    with np.errstate(divide="ignore"):
        return np.sqrt(2 * inner / (count * tight) * np.log(np.sqrt(inner) / missing))


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
