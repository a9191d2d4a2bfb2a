"""From values to propensities, and from a seed to a choice: how offers are explored.

Inverse gaps (Foster and Rakhlin, Beyond UCB: optimal and efficient contextual bandits with
regression oracles, ICML 2020): a candidate is the less likely the further its value lies below the
best one's. A permanent slice of decisions is uniform whatever was learned, so that every propensity
has a floor, and so that there is always something to compare with.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.statistics.arrays import Floats, Mask

_64_BITS: Final = (1 << 64) - 1


class Policy(BaseModel):
    """How values become propensities."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    sharpness: float = Field(default=0.0, ge=0)
    """How much a gap counts, per unit of currency: 0 is uniform."""
    uniform: float = Field(default=0.03, ge=0, le=1)
    """Share of decisions that are uniform, always; over the candidates it is every one's floor."""
    trial: float = Field(default=0.2, ge=0, le=1)
    """Share of decisions that try candidates of new types, where the list has any."""


class Choice(NamedTuple):
    """What was drawn for a decision."""

    place: int
    """Place of the choice among the candidates."""
    uniform: bool
    """Whether the draw fell into the uniform slice."""


def propensities(policy: Policy, value: Floats, begins: NDArray[np.int64], new: Mask) -> Floats:
    """How likely each candidate is to be chosen, `(m,)`; those of a decision sum to 1.

    Args:
        policy: How values become propensities.
        value: What each candidate is thought to be worth, `(m,)`; not looked at where it is new.
        begins: Where the candidates of each decision begin, `(n + 1,)`; each has at least one.
        new: Whether too little is known of the candidate's type to compare it, `(m,)`.
    """
    count = np.diff(begins)
    decision = np.repeat(np.arange(len(count)), count)
    starts = begins[:-1]
    each = count.astype(np.float64)
    fresh = np.add.reduceat(new, starts, dtype=np.float64)
    familiar = each - fresh
    # Where everything is new, or nothing, there is one kind to share among.
    tried = np.where(familiar == 0, 1.0, np.where(fresh == 0, 0.0, policy.trial))
    seen = np.where(new, -np.inf, value)
    best = np.maximum.reduceat(seen, starts)
    gap = np.where(new, 0.0, best[decision] - np.where(new, 0.0, value))
    weight = np.where(
        new, 0.0, 1.0 / (np.maximum(familiar, 1.0)[decision] + policy.sharpness * gap)
    )
    is_best = ~new & (seen == best[decision])
    others = np.add.reduceat(np.where(is_best, 0.0, weight), starts)
    bests = np.maximum(np.add.reduceat(is_best, starts, dtype=np.float64), 1.0)
    # Candidates that are equally good share what the others leave.
    weight = np.where(is_best, ((1.0 - others) / bests)[decision], weight)
    shared = np.where(
        new,
        (tried / np.maximum(fresh, 1.0))[decision],
        (1.0 - tried)[decision] * weight,
    )
    mixed = policy.uniform / each[decision] + (1.0 - policy.uniform) * shared
    total: Floats = mixed / np.add.reduceat(mixed, starts)[decision]
    return total


def propensities_of_one(policy: Policy, value: Sequence[float], new: Sequence[bool]) -> list[float]:
    """As `propensities`, of a single decision: of a few candidates lists take less than arrays.

    Args:
        policy: How values become propensities.
        value: What each candidate is thought to be worth; one at least.
        new: Whether too little is known of the candidate's type to compare it.
    """
    count = len(value)
    familiar = [one for one, is_new in zip(value, new, strict=True) if not is_new]
    fresh = count - len(familiar)
    tried = policy.trial if familiar and fresh else float(fresh > 0)
    best, weights = max(familiar, default=0.0), dict[float, float]()
    for one in familiar:
        weights[one] = 1.0 / (len(familiar) + policy.sharpness * (best - one))
    bests = familiar.count(best)
    if bests:
        others = math.fsum(weights[one] for one in familiar if one != best)
        weights[best] = (1.0 - others) / bests
    floor, rest = policy.uniform / count, 1.0 - policy.uniform
    mixed = [
        floor + rest * (tried / fresh if is_new else (1.0 - tried) * weights[one])
        for one, is_new in zip(value, new, strict=True)
    ]
    total = math.fsum(mixed)
    return [one / total for one in mixed]


def choose(policy: Policy, propensity: Sequence[float], seed: int) -> Choice:
    """Draw a candidate: the same seed and propensities give the same choice.

    Each candidate is drawn exactly as often as its propensity says.

    Args:
        policy: The one that the propensities are of.
        propensity: How likely each candidate is; 0 for those that a rule has left out. The
            others, at least one, sum to 1.
        seed: Of 64 bits.
    """
    able = [float(one > 0) for one in propensity]
    flat = policy.uniform / sum(able)
    rest = [max(one - flat, 0.0) for one in propensity]
    # Where all is uniform, rounding may leave nothing beside the slice.
    in_slice = _drawn(seed, 1) < policy.uniform or not any(rest)
    ends = list(accumulate(able if in_slice else rest))
    # The last that can be chosen is the first whose end is the whole.
    last = ends.index(ends[-1])
    return Choice(min(bisect_right(ends, _drawn(seed, 2) * ends[-1]), last), in_slice)


def _drawn(seed: int, which: int) -> float:
    """A number from 0 to below 1; the same with every version of Python.

    SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).
    """
    state = (seed + which * 0x9E3779B97F4A7C15) & _64_BITS
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _64_BITS
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _64_BITS
    return ((state ^ (state >> 31)) >> 11) * 2.0**-53
