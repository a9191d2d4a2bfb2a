"""Where the level of responses is, how far it moves from month to month, and what that means.

A month's level is what must be added to the log-odds of all customers for as many to be expected
as came. Levels follow a random walk, seen through what is peculiar to each month and through
chance: a local level model (Durbin and Koopman 2012, Time Series Analysis by State Space Methods,
chapter 2), whose two deviations are the likeliest ones under a prior.
"""

import math
from itertools import product
from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from valuebox.facts.windows import Floats
from valuebox.statistics.rates import LEVEL

_DEVIATIONS: Final = (0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0)
"""Deviations of log-odds that are tried, for the walk and for what is peculiar to a month."""
_PRIOR: Final = 0.25
"""Scale of the half-normal priors of both, and deviation of the first level."""
_FARTHEST: Final = 5.0
_STEPS: Final = 30


class Level(NamedTuple):
    """Level of responses in the month to come."""

    shift: float
    """What to add to log-odds."""
    moves: float
    """Standard deviation of what the month's own level is off that by."""


def offset(log_odds: Floats, came: float) -> float:
    """What must be added to log-odds for as many to be expected as came, give or take a half."""
    wanted = float(np.clip(came, 0.5, max(len(log_odds) - 0.5, 0.5)))
    found = 0.0
    for _ in range(_STEPS):
        chances = scipy.special.expit(log_odds + found)
        slope = max(float((chances * (1 - chances)).sum()), 1e-9)
        step = float(np.clip((wanted - chances.sum()) / slope, -1, 1))
        found = float(np.clip(found + step, -_FARTHEST, _FARTHEST))
        if abs(step) < 1e-6:
            break
    return found


def noise(log_odds: Floats) -> float:
    """Variance that chance alone gives the result of `offset`."""
    chances = scipy.special.expit(log_odds)
    return float(1 / max(float((chances * (1 - chances)).sum()), 1e-9))


def forecast(offsets: NDArray[np.float64], noises: NDArray[np.float64]) -> Level:
    """The level of the next month.

    Args:
        offsets: Of past months, the oldest first.
        noises: Variance of each by chance.
    """
    best, found = -np.inf, Level(0.0, _PRIOR)
    for walk, own in product(_DEVIATIONS, repeat=2):
        level, variance = 0.0, _PRIOR**2
        likelihood = -((walk / _PRIOR) ** 2 + (own / _PRIOR) ** 2) / 2
        for seen, chance in zip(offsets.tolist(), noises.tolist(), strict=True):
            total = variance + own**2 + chance
            # SciPy's own density of a normal distribution takes a hundred times as long.
            likelihood -= (math.log(2 * math.pi * total) + (seen - level) ** 2 / total) / 2
            gain = variance / total
            level, variance = level + gain * (seen - level), variance * (1 - gain) + walk**2
        if likelihood > best:
            best, found = likelihood, Level(level, float(np.sqrt(variance + own**2)))
    return found


def expected_between(chances: Floats, moves: float) -> tuple[float, float]:
    """The 90 % interval of how many respond: the month's level moves, and so does chance.

    Args:
        chances: Of each customer.
        moves: Standard deviation of the month's level, in log-odds.
    """
    log_odds = scipy.special.logit(np.clip(chances, 1e-9, 1 - 1e-9))
    reach = float(scipy.stats.norm.ppf((1 + LEVEL) / 2)) * np.sqrt(moves**2 + noise(log_odds))
    lower, upper = (float(scipy.special.expit(log_odds + side * reach).sum()) for side in (-1, 1))
    return lower, upper
