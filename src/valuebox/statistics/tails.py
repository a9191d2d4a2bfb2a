"""How heavy the tail of amounts is: whether there is a variance that an interval could go by."""

from typing import Final, NamedTuple

import numpy as np

from valuebox.statistics.arrays import Floats

_LEAST: Final = 10
"""Largest amounts that are looked at, at least."""


class Tail(NamedTuple):
    """How large amounts become rare."""

    power: float
    """By which power: below 2 there is no variance, below 1 no mean; infinite where bounded."""
    error: float
    """Standard error of it."""


_BOUNDED: Final = Tail(np.inf, 0.0)


def tail_of(amount: Floats) -> Tail:
    """Look at the largest amounts, of which there are as many as the root of all above 0.

    Hill's estimator (Annals of Statistics 3, 1975). Amounts that repeat have no tail, such as those
    of a price list, or of a cap that several of them reach; too few have none that could be seen.

    Args:
        amount: `(n,)`; what is not above 0 is not looked at.
    """
    positive = amount[amount > 0]
    most = max(_LEAST, int(np.sqrt(len(positive))))
    if len(positive) < 2 * most:
        return _BOUNDED
    largest = np.partition(positive, -most - 1)[-most - 1 :]
    if 2 * len(np.unique(largest)) < len(largest):
        return _BOUNDED
    beyond = np.log(largest / largest.min()).sum()
    index = float(most / beyond)
    return Tail(index, index / np.sqrt(most))
