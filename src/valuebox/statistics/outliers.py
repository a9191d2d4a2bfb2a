"""Targets that no tail explains: a value typed wrong, or in another currency, spoils a model."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Fewer targets say too little about their tail.
_LEAST: Final = 20
# Of the users below, as many as tell how heavy the tail is.
_TAIL: Final = 10
# Outliers are few, far from all others, and weigh more in a squared error than all others.
_SHARE: Final = 1_000
_FACTOR: Final = 10.0
_WEIGHT: Final = 0.5
# Of so many files with a tail, chance makes one look as if it had an outlier.
_FILES: Final = 160_000


def outlying(targets: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which users have a target that is so far from all others that it must be wrong.

    However heavy a tail is, the logarithms of its largest values lie at distances of which the
    j-th from above, times j, is exponential, with the mean that Hill's estimator finds (Rényi's
    representation; Hill, Annals of Statistics 3, 1975). Divided by that mean, as k others estimate
    it, a gap has the F distribution with 2 and 2 k degrees of freedom. It is called too wide where
    chance makes such a one in one of 160,000 files, what lies above is ten times as far from the
    median as what lies below, and has most of the sum of squares.

    Args:
        targets: `(n_users,)`; NaN where it is not known.

    Returns:
        `(n_users,)`; at most one user in 1,000, or three.
    """
    known = np.flatnonzero(np.isfinite(targets))
    outside = np.zeros(targets.size, dtype=bool)
    if known.size < _LEAST:
        return outside
    distance = np.abs(targets[known] - np.median(targets[known]))
    order = np.argsort(distance)[::-1]
    far: NDArray[Any] = distance[order]
    above = min(max(3, known.size // _SHARE), int((far > 0).sum()) - _TAIL - 1)
    if above < 1:
        return outside
    logs = np.log(far[far > 0])
    tail = max(_TAIL, int(np.sqrt(known.size)))
    squares = np.cumsum(far**2)
    for count in range(above, 0, -1):
        gap = logs[count - 1] - logs[count]
        below = logs[count : count + tail + 1]
        heaviness = (below[:-1] - below[-1]).mean()
        others = below.size - 1
        unlikely = others * (_FILES ** (1 / others) - 1)
        is_far = gap > np.log(_FACTOR) and count * gap > unlikely * heaviness
        if is_far and squares[count - 1] > _WEIGHT * squares[-1]:
            outside[known[order[:count]]] = True
            break
    return outside
