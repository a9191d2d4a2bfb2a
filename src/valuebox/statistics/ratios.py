"""Ratios of sums, such as clicks per list, and changes between them, from sums by cluster alone.

A ratio varies as its linearised clusters do (the delta method: Deng, Knoblich and Lu, Applying the
delta method in metric analytics, KDD 2018). All of it follows from sums, so that looks at every day
of many experiments are sums of sums.
"""

from typing import Any, NamedTuple, Self

import numpy as np

from valuebox.statistics.arrays import Codes, Floats


class RatioSums(NamedTuple):
    """What a ratio and its standard error need of clusters; arrays of any one shape."""

    n: Any
    """Clusters."""
    some: Any
    """Clusters that have anything of what is divided."""
    y: Any
    """Sum of what is divided."""
    x: Any
    """Sum of what divides."""
    yy: Any
    xx: Any
    xy: Any

    @classmethod
    def of(cls, y: Floats, x: Floats, group: Codes, groups: int) -> Self:
        """Sums by group of clusters, `(groups,)`.

        Args:
            y: What is divided, of each cluster, `(n,)`.
            x: What divides.
            group: Which group each cluster is of, from 0.
            groups: How many there are.
        """

        def summed(weight: Any) -> Floats:
            return np.bincount(group, weight, groups).astype(np.float64)

        return cls(
            summed(None), summed(y != 0), *map(summed, (y, x, y * y, x * x, x * y))
        )  # fmt: skip

    def grown(self, axis: int) -> Self:
        """The sums up to each place along an axis."""
        return type(self)(*(np.cumsum(one, axis) for one in self))

    def at(self, where: Any) -> Self:
        """The sums of some of the groups."""
        return type(self)(*(one[where] for one in self))

    @property
    def value(self) -> Any:
        """The ratio; NaN where nothing divides."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.y / np.where(self.x > 0, self.x, np.nan)

    @property
    def scatter(self) -> Any:
        """Deviation of a cluster around the ratio, as a multiple of it; NaN where it is 0.

        The standard error of the ratio is this much of it over the root of the number of clusters.
        """
        ratio = self.value
        with np.errstate(divide="ignore", invalid="ignore"):
            squares = self.yy - 2 * ratio * self.xy + ratio**2 * self.xx
            variance = np.maximum(squares, 0.0) / np.where(self.n > 1, self.n - 1, np.nan)
            return np.sqrt(variance) * self.n / np.where(self.y > 0, self.y, np.nan)


class LogChange(NamedTuple):
    """Logarithm of a ratio as a multiple of another one, and its standard error."""

    value: Any
    error: Any


def log_change(ratio: RatioSums, than: RatioSums) -> LogChange:
    """How a ratio compares with that of other clusters; NaN where either is 0 or not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.log(ratio.value) - np.log(than.value)
        variance = ratio.scatter**2 / ratio.n + than.scatter**2 / than.n
    return LogChange(np.where(np.isfinite(apart), apart, np.nan), np.sqrt(variance))
