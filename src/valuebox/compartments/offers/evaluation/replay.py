"""A policy held against a log: how much likelier each choice was to the policy than to the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.errors import ValueboxError
from valuebox.statistics.arrays import Codes, Floats, Mask

_ROUNDING: Final = 1e-6


class PolicyRefused(ValueboxError):
    """What a policy said are no probabilities; the message says where."""


@dataclass(frozen=True)
class Choices:
    """What n decisions chose from, m candidates in all."""

    begins: NDArray[np.int64]
    """Where the candidates of each decision begin, `(n + 1,)`; each has at least one."""
    chosen: NDArray[np.int64]
    """Position of each choice among all candidates, `(n,)`."""
    propensity: Floats
    """How likely the choice was, `(n,)`, above 0."""
    possible: Mask | None = None
    """Whether each candidate could have been chosen, `(m,)`; None where all could."""

    def sums(self, amount: Floats) -> Floats:
        """Sums over the candidates of each decision, `(n,)`."""
        found: Floats = np.add.reduceat(amount, self.begins[:-1])
        return found

    def shares(self, amount: NDArray[Any]) -> Floats:
        """Amounts from 0, as shares of the sum over their decision's candidates, `(m,)`."""
        number = amount.astype(np.float64)
        found: Floats = number / np.repeat(self.sums(number), np.diff(self.begins))
        return found


@dataclass(frozen=True)
class Seen:
    """What came of n decisions, and what a model of rewards had expected of them."""

    cluster: Codes
    """Code of the player from 0, `(n,)`; players are independent, decisions of one are not."""
    reward: Floats
    """`(n,)`, in currency or whatever is earned."""
    predicted: Floats | None = None
    """Expected reward of the choice, `(n,)`, by a model that has not seen the player."""
    served: Floats | None = None
    """Expected reward of the log's own policy, `(n,)`; None where propensities of choices alone
    are known, and then the reward itself is taken."""


class Replay(NamedTuple):
    """A policy held against n decisions."""

    weight: Floats
    """How much likelier the policy is to choose what was chosen, as a multiple, `(n,)`."""
    direct: Floats | None
    """Reward that the model of rewards expects of the policy, `(n,)`; None without a model."""
    unsupported: Floats
    """Share of the policy's choices that the log could not have made, `(n,)`."""

    @classmethod
    def together(cls, parts: Sequence["Replay"]) -> "Replay":
        """A policy held against several logs, one after the other."""
        known = [one.direct for one in parts if one.direct is not None]
        return cls(
            np.concatenate([one.weight for one in parts]),
            np.concatenate(known) if known else None,
            np.concatenate([one.unsupported for one in parts]),
        )


def replay(choices: Choices, likely: Floats, model: Floats | None) -> Replay:
    """Hold a policy against a log.

    Args:
        choices: What was chosen, and from what.
        likely: How likely each candidate is to the policy, `(m,)`; those of a decision sum to 1.
        model: Expected reward of each candidate, `(m,)`; None where there is no model.

    Raises:
        PolicyRefused: where a probability is none, or those of a decision do not sum to 1.
    """
    if not (np.isfinite(likely) & (likely >= 0)).all():
        raise PolicyRefused("a probability of the policy is not a number from 0")
    sums = choices.sums(likely)
    if (wrong := np.flatnonzero(np.abs(sums - 1) > _ROUNDING)).size:
        first = int(wrong[0])
        raise PolicyRefused(
            f"the policy's probabilities of decision {first} sum to {sums[first]:g}, and not to 1"
        )
    outside = np.zeros_like(likely) if choices.possible is None else likely * ~choices.possible
    return Replay(
        likely[choices.chosen] / choices.propensity,
        None if model is None else choices.sums(likely * model),
        choices.sums(outside),
    )


def as_served(seen: Seen) -> Replay:
    """The log's own policy, held against its log."""
    n = len(seen.reward)
    # Where propensities of choices alone are known, the residual adds up to the reward itself.
    direct = seen.predicted if seen.served is None else seen.served
    return Replay(np.ones(n), direct, np.zeros(n))
