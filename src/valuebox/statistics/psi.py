"""How far two distributions are apart, and what of it is chance.

The measure is the population stability index, the sum of
(actual - expected) * ln(actual / expected) over bins (Siddiqi, Credit Risk Scorecards, 2006).
By convention less than `WATCH` is nothing, and more than `SHIFT` needs a look.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import scipy

WATCH: Final = 0.1
"""From here on the population stability index is worth a look …"""
SHIFT: Final = 0.25
"""… and from here on users are others than those that were learned from."""

# Below that a share says less about the users than about how many were counted.
_LEAST_SHARE: Final = 1e-4
# Of the training users in a bin of predictions, before it is compared.
_MERGED_SHARE: Final = 0.05
_CHANCE: Final = 0.001


class Shift(NamedTuple):
    """How far two distributions are apart."""

    psi: float
    """The population stability index."""
    noise: float
    """What chance alone exceeds once in 1,000 times, with so many users of the same kind."""


def shift(
    expected: Sequence[int], actual: Sequence[int], apart: tuple[float, float] | None = None
) -> Shift | None:
    """How far apart users are from the training users, by how many are in each bin.

    Without any difference the index times n m / (n + m) is about chi-square, for n and m users
    (Yurdakul, Statistical Properties of Population Stability Index, 2018).

    Args:
        expected: Training users in each bin.
        actual: Users of today in the same bins.
        apart: How many different users there are on both sides, where the same are in bins several
            times: chance is as large as of so many.

    Returns:
        None where there are no users on one of the sides.
    """
    before, now = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    n_before, n_now = before.sum(), now.sum()
    if n_before == 0 or n_now == 0:
        return None
    # An empty bin would make it infinite; half a user is about what may have been overlooked.
    least = max(_LEAST_SHARE, 0.5 / n_now)
    shares = np.maximum(before / n_before, least), np.maximum(now / n_now, least)
    psi = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    freedom = int(((before > 0) | (now > 0)).sum()) - 1
    # A single bin leaves nothing to chance.
    noise = _exceeded(freedom) if freedom else 0.0
    different = apart or (n_before, n_now)
    return Shift(psi, float(sum(1 / one for one in different)) * noise)


@cache
def _exceeded(freedom: int) -> float:
    """What a chi-square of so many degrees of freedom, of which there are few, seldom exceeds."""
    return float(scipy.stats.chi2.isf(_CHANCE, freedom))


def merged(expected: Sequence[int], actual: Sequence[int]) -> tuple[list[int], list[int]]:
    """Neighbouring bins put together until 5 % of the training users are in each.

    Args:
        expected: Training users in each bin, in the order of the bins.
        actual: Users of today in the same bins.
    """
    enough, before, now = _MERGED_SHARE * sum(expected), [0], [0]
    for one, other in zip(expected, actual, strict=True):
        if before[-1] >= enough:
            before.append(0)
            now.append(0)
        before[-1] += one
        now[-1] += other
    if before[-1] < enough and len(before) > 1:
        before[-2:], now[-2:] = [sum(before[-2:])], [sum(now[-2:])]
    return before, now
