"""Tests that are asked again and again, whose alarms are rare by chance, at a known rate."""

import math
from collections.abc import Iterable
from typing import Final

import scipy

ALLOWANCE: Final = 0.5
"""Deviations that are let pass at each step: half of the shift that is looked for."""
MOST: Final = 3.0
"""Deviations that a single step counts as at most, so that no single one raises an alarm."""
_OVERSHOOT: Final = 1.166


def cusum(standardised: Iterable[float]) -> float:
    """How much speaks for a mean that has moved by now: above 0 upwards, below 0 downwards.

    The sum of what each step is beyond `ALLOWANCE`, begun anew whenever nothing speaks for it
    (Page, Continuous inspection schemes, Biometrika 41, 1954), up and down; the larger one.

    Args:
        standardised: In order of time, with mean 0 and deviation 1 while nothing has moved.
    """
    up = down = 0.0
    for one in standardised:
        value = min(max(one, -MOST), MOST)
        up = max(0.0, up + value - ALLOWANCE)
        down = max(0.0, down - value - ALLOWANCE)
    return up if up >= down else -down


def cusum_limit(steps: float) -> float:
    """The absolute value that chance alone exceeds once in so many steps, up or down.

    Siegmund's approximation (Sequential Analysis, 1985) of the mean time between false alarms.
    """
    low, high = 0.0, 50.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        away = 2 * ALLOWANCE * (middle + _OVERSHOOT)
        # Two sides raise alarms twice as often.
        between = (math.exp(away) - away - 1) / (2 * ALLOWANCE**2) / 2
        low, high = (middle, high) if between < steps else (low, middle)
    return high


def too_many(found: int, of: int, share: float) -> float:
    """How likely at least so many are found by chance, where a share of all is meant."""
    return float(scipy.stats.binom.sf(found - 1, of, share)) if of else 1.0


def upper_deviation(squares: Iterable[float]) -> float:
    """Deviation around 0 that few values allow for: only 1 in 5 times is it truly more.

    Args:
        squares: Of the values; 0 without any.
    """
    known = list(squares)
    if not known:
        return 0.0
    return math.sqrt(sum(known) / float(scipy.stats.chi2.ppf(0.2, len(known))))
