"""From values to propensities, and from a seed to a choice: how offers are explored.

Inverse gaps (Foster and Rakhlin, Beyond UCB: optimal and efficient contextual bandits with
regression oracles, ICML 2020): a candidate is the less likely the further its value lies below the
best one's. A permanent slice of decisions is uniform whatever was learned, so that every propensity
has a floor, and so that there is always something to compare with.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.statistics.arrays import Floats, Mask


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
    """What was drawn for each of n decisions."""

    place: NDArray[np.int64]
    """Place of the choice within the decision's own candidates, `(n,)`."""
    uniform: Mask
    """Whether the draw fell into the uniform slice, `(n,)`."""


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


def uniform(begins: NDArray[np.int64]) -> Floats:
    """Propensities before anything is known: every candidate is as likely as the others, `(m,)`."""
    count = np.diff(begins)
    return np.repeat(1.0 / count, count)


def choose(
    policy: Policy, propensity: Floats, begins: NDArray[np.int64], seeds: NDArray[np.int64]
) -> Choice:
    """Draw a candidate for each decision: the same seed and propensities give the same choice.

    Each candidate is drawn exactly as often as its propensity says. What is drawn for a decision
    does not depend on which others are drawn for along with it.

    Args:
        policy: The one that the propensities are of.
        propensity: How likely each candidate is, `(m,)`; 0 for those that a rule has left out. The
            others of a decision, at least one, sum to 1.
        begins: Where the candidates of each decision begin, `(n + 1,)`.
        seeds: One for each decision, `(n,)`.
    """
    count = np.diff(begins)
    most = int(count.max(initial=0))
    there = np.arange(most) < count[:, None]
    likely = np.zeros(there.shape)
    likely[there] = propensity
    able = likely > 0
    flat = able * (policy.uniform / able.sum(axis=1, keepdims=True))
    rest = np.maximum(likely - flat, 0.0)
    # Where all is uniform, rounding may leave nothing beside the slice.
    in_slice = (_drawn(seeds, 1) < policy.uniform) | ~(rest > 0).any(axis=1)
    weight = np.where(in_slice[:, None], able.astype(np.float64), rest)
    ends = np.cumsum(weight, axis=1)
    aim = _drawn(seeds, 2) * ends[:, -1]
    # The last that can be chosen is the first whose end is the whole.
    last = np.argmax(ends == ends[:, -1:], axis=1)
    place = np.minimum((ends <= aim[:, None]).sum(axis=1), last)
    return Choice(place.astype(np.int64), in_slice)


def _drawn(seeds: NDArray[np.int64], which: int) -> Floats:
    """A number from 0 to below 1 for each seed, `(n,)`; the same with every version of NumPy.

    SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).
    """
    with np.errstate(over="ignore"):
        state = seeds.astype(np.uint64) + np.uint64(which) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53
