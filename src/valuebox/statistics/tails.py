"""How heavy the tail of amounts is: whether there is a variance that an interval could go by."""

from typing import Final

import numpy as np

from valuebox.statistics.arrays import Floats

_LEAST: Final = 10
"""Largest amounts that are looked at, at least."""


def tail_index(amount: Floats) -> float:
    """Power by which large amounts become rare: below 2 there is no variance, below 1 no mean.

    Hill's estimator (Annals of Statistics 3, 1975) of the largest amounts, of which there are as
    many as the root of the number of those above 0.

    Args:
        amount: `(n,)`; what is not above 0 is not looked at.

    Returns:
        Infinite where amounts are bounded, as by a cap that several of them reach, or too few to
        tell.
    """
    positive = amount[amount > 0]
    most = max(_LEAST, int(np.sqrt(len(positive))))
    if len(positive) < 2 * most:
        return np.inf
    largest = np.log(np.partition(positive, -most - 1)[-most - 1 :])
    beyond = float(largest.mean() - largest.min()) * (most + 1) / most
    return 1 / beyond if beyond > 0 else np.inf
