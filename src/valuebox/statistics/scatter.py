"""How widely amounts scatter around what was expected of them, and how widely a mean of many does.

Most amounts are nothing and few are large: the mean of few has no simple shape, and is drawn.
"""

import functools
from collections.abc import Mapping
from statistics import NormalDist
from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from valuebox.statistics.arrays import Floats
from valuebox.statistics.rates import LEVEL

Variance = Annotated[float, Field(ge=0)]

TAIL: Final = (1 - LEVEL) / 2
# Where the parts of a bin end, as shares of its members: the finer, the rarer.
_RARE: Final = np.geomspace(1e-4, 0.0125, 10)
PARTS: Final = np.concatenate(
    [[0], _RARE[:-1], np.linspace(0.0125, 0.9875, 79), 1 - _RARE[-2::-1], [1]]
)
_WEIGHTS: Final = np.diff(PARTS)
_Z: Final = NormalDist().inv_cdf(1 - TAIL)
_DRAWS: Final = 1_000
# Numbers that are enough for a mean of a hundred members, drawn one by one.
_KNOWN: Final = 100 * _DRAWS
# The mean of fewer, or a lopsided one, has no simple shape.
_FEW: Final = 30
_LOPSIDED: Final = 0.5
_EVERY_PART: Final = Field(min_length=len(_WEIGHTS), max_length=len(_WEIGHTS))


class Learned(BaseModel):
    """Base of what is learned of scatter, and saved with a model."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Scatter(Learned):
    """What users really spent later, by what was expected of them.

    Bins of expected later spending, from the least on; amounts in the currency of the target.
    """

    edges: list[float] = Field(description="Where a bin ends and the next one starts.")
    points: list[Annotated[list[float], _EVERY_PART]] = Field(
        description="Later spending in every bin: means of parts of its users, least first."
    )
    lower: list[float] = Field(description="Lower end of the interval of later spending, by bin.")
    upper: list[float] = Field(description="Upper end of it.")
    variance: list[Variance] = Field(description="Of actual - expected within the bin.")
    third_moment: list[float] = Field(description="Its third power's mean: how lopsided it is.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        by_bin = (self.points, self.lower, self.upper, self.variance, self.third_moment)
        if any(len(values) != len(self.edges) + 1 for values in by_bin):
            raise ValueError("every bin needs its own values")
        arrays = self.arrays
        if (np.diff(arrays["edges"]) <= 0).any() or (arrays["lower"] > arrays["upper"]).any():
            raise ValueError("bins and ends have to be in order")
        return self

    @functools.cached_property
    def arrays(self) -> dict[str, Floats]:
        """The fields as arrays, made once: that takes longer than to predict a single user."""
        return {name: np.asarray(values, dtype=np.float64) for name, values in self}

    @functools.cached_property
    def ends(self) -> Floats:
        """Lower and upper ends by bin, `(2, n_bins)`."""
        return np.stack([self.arrays["lower"], self.arrays["upper"]])

    def bins(self, expected: Floats) -> NDArray[np.intp]:
        """Bin of each user by expected later spending, `(n_users,)`."""
        return self.arrays["edges"].searchsorted(expected, side="right")

    def count(self, expected: Floats) -> NDArray[np.int64]:
        """How many users are in each bin, `(n_bins,)`, by expected later spending."""
        return np.bincount(self.bins(expected), minlength=len(self.edges) + 1)

    def listed(self, counts: Mapping[int, int]) -> NDArray[np.int64]:
        """The same of users who are counted by bin; negative numbers stand for other bins."""
        listed = np.zeros(len(self.edges) + 1, dtype=np.int64)
        for one, users in counts.items():
            if one >= 0:
                listed[one] = users
        return listed

    def of(self, name: str, bins: NDArray[np.intp]) -> Floats:
        """The value called `name` of each user's bin, `(n_users,)`."""
        return self.arrays[name][bins]


Parts = list[tuple[Scatter, NDArray[np.int64]]]
"""Members of a mean: how such scatter, and how many are in each bin."""


def ends_of_mean(parts: Parts, expected: float, shared: float) -> tuple[float, float]:
    """Where a mean lies in `LEVEL` of all cases.

    Args:
        parts: Members of the mean.
        expected: The mean that is expected.
        shared: Variance that all members have in common, and that does not shrink with them.

    Returns:
        Lower and upper end, as differences from `expected`.
    """
    count = sum(int(counts.sum()) for _, counts in parts)
    variance, skewness = _moments(parts, count, shared)
    if count < _FEW or abs(skewness) > _LOPSIDED:
        return _drawn(parts, count, expected, shared)
    # Normal, bent by the skewness that is left (Cornish and Fisher).
    bend = skewness / 6 * (_Z**2 - 1)
    return float(np.sqrt(variance) * (bend - _Z)), float(np.sqrt(variance) * (bend + _Z))


def _moments(parts: Parts, count: int, shared: float) -> tuple[float, float]:
    """Variance and skewness of the mean."""
    variance = sum(float(counts @ scatter.arrays["variance"]) for scatter, counts in parts)
    third = sum(float(counts @ scatter.arrays["third_moment"]) for scatter, counts in parts)
    variance = variance / count**2 + shared
    return variance, third / count**3 / variance**1.5 if variance > 0 else 0.0


def _drawn(parts: Parts, count: int, expected: float, shared: float) -> tuple[float, float]:
    """Ends of the interval around the mean `expected`, from what such members have been."""
    taken, rng = 0, None
    total = np.zeros(_DRAWS)
    for scatter, counts in parts:
        # Amounts as they are, not around their mean: many are nothing, exactly.
        for one in np.flatnonzero(counts):
            points, of_bin = scatter.arrays["points"][one], int(counts[one])
            if of_bin < len(points) and rng is None and taken + _DRAWS * of_bin <= _KNOWN:
                drawn = _known_parts()[taken : taken + _DRAWS * of_bin]
                total += points[drawn.reshape(_DRAWS, of_bin)].sum(axis=1)
                taken += _DRAWS * of_bin
                continue
            rng = rng or _after(taken)
            if of_bin < len(points):
                total += points[_part_of(rng.random((_DRAWS, of_bin)))].sum(axis=1)
            else:
                total += rng.multinomial(of_bin, _WEIGHTS, _DRAWS) @ points
    mean = total / count + (rng or _after(taken)).normal(0, np.sqrt(shared), _DRAWS)
    below, above = np.quantile(mean, [TAIL, 1 - TAIL]) - expected
    return float(below), float(above)


def _after(taken: int) -> np.random.Generator:
    """The random numbers that every mean is drawn with, after so many uniform ones."""
    return np.random.Generator(np.random.PCG64(0).advance(taken))


def _part_of(uniform: Floats) -> NDArray[np.intp]:
    return np.searchsorted(PARTS[1:-1], uniform)


@functools.cache
def _known_parts() -> NDArray[np.uint8]:
    """The parts that the first of these numbers fall into, `(_KNOWN,)`, looked up only once.

    Every mean begins with the same numbers; a page of cohorts draws thousands of small means.
    """
    return _part_of(_after(0).random(_KNOWN)).astype(np.uint8)
