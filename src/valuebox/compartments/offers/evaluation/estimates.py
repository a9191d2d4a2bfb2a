"""What a policy earns a decision, in four ways, with intervals of those that may have one.

IPS weighs each reward by how much likelier its choice is to the policy (Horvitz and Thompson,
JASA 47, 1952), its self-normalised form divides by the sum of these weights (Swaminathan and
Joachims, NeurIPS 2015), the direct method believes a model of rewards, and the doubly robust
estimate corrects the model by the weighted rewards it got wrong (Dudík, Langford and Li, ICML
2011): it is right where the propensities are, and the more precise the better the model is.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.offers.evaluation.overlap import Overlap, overlap, refusal
from valuebox.compartments.offers.evaluation.replay import Replay, Seen, as_served
from valuebox.statistics.arrays import Floats
from valuebox.statistics.clustered import Interval, mean_interval
from valuebox.statistics.tails import tail_of

SERVED: Final = "served"
_NO_VARIANCE: Final = 2.0


class Estimate(BaseModel):
    """What is earned a decision, and the interval of it."""

    model_config = ConfigDict(frozen=True)

    value: float = Field(description="Estimate, in the unit of the rewards.")
    lower: float | None = Field(
        default=None, description="Lower end of the 90 % interval; null where none holds."
    )
    upper: float | None = Field(default=None, description="Upper end of it.")


class Evaluated(BaseModel):
    """What a log says of a policy."""

    model_config = ConfigDict(frozen=True)

    policy: str = Field(description="Name of the policy.")
    told: str | None = Field(default=None, description="What the policy was found to be.")
    refused: str | None = Field(
        default=None, description="Why the log cannot tell; there are no estimates then."
    )
    no_interval: str | None = Field(
        default=None, description="Why there are estimates without intervals."
    )
    ips: Estimate | None = Field(default=None, description="By inverse propensities.")
    snips: Estimate | None = Field(
        default=None, description="By inverse propensities, self-normalised."
    )
    direct: Estimate | None = Field(
        default=None,
        description="By the model of rewards alone. It has no interval: what it is off by is the "
        "model's error, which does not show in how its predictions vary.",
    )
    doubly_robust: Estimate | None = Field(
        default=None, description="By the model, corrected by inverse propensities."
    )
    difference: Estimate | None = Field(
        default=None,
        description="What the policy earns more than what was served, decision by decision: "
        "doubly robust, or by inverse propensities where there is no model.",
    )
    overlap: Overlap = Field(description="Whether the log can tell.")


class Evaluation(BaseModel):
    """What a log says of several policies."""

    model_config = ConfigDict(frozen=True)

    decisions: int = Field(description="Number of decisions in the log.")
    players: int = Field(description="Number of players, by whom intervals are clustered.")
    cap: float | None = Field(
        default=None, description="What a reward counts at most; null where as it is."
    )
    tail_index: float | None = Field(
        description="Power by which large rewards become rare, by Hill's estimator; below 2 they "
        "have no variance, and no interval of their mean holds. Null where they are bounded, as "
        "those of a price list are."
    )
    policies: list[Evaluated] = Field(description="The policies, what was served first.")


def robust_amounts(seen: Seen, replay: Replay) -> Floats:
    """What each decision adds to the doubly robust estimate, `(n,)`; to IPS without a model."""
    if replay.direct is None or seen.predicted is None:
        plain: Floats = replay.weight * seen.reward
        return plain
    found: Floats = replay.direct + replay.weight * (seen.reward - seen.predicted)
    return found


def evaluate(
    seen: Seen,
    replays: Mapping[str, Replay],
    told: Mapping[str, str] | None = None,
    cap: float | None = None,
) -> Evaluation:
    """Say what policies would have earned on a log.

    Args:
        seen: What came of the decisions; at least one.
        replays: The policies, held against the log.
        told: What a policy was found to be, by its name.
        cap: What rewards have been cut to, for the report.
    """
    index, error = tail_of(seen.reward)
    reason = None
    if index + error < _NO_VARIANCE:
        reason = (
            f"the largest rewards are so large (tail index {index:.1f}) that no interval of their "
            "mean holds; a cap says what a reward counts at most"
        )
    return Evaluation(
        decisions=len(seen.reward),
        players=len(np.unique(seen.cluster)),
        cap=cap,
        tail_index=index if np.isfinite(index) else None,
        policies=[
            _evaluated(name, (told or {}).get(name), seen, one, reason)
            for name, one in {SERVED: as_served(seen), **replays}.items()
        ],
    )


def _evaluated(
    name: str, told: str | None, seen: Seen, replay: Replay, no_interval: str | None
) -> Evaluated:
    found = overlap(seen, replay)
    refused = refusal(found)
    if refused is not None:
        return Evaluated(policy=name, told=told, refused=refused, overlap=found)

    def estimate(amount: Floats, weight: Floats | None = None) -> Estimate:
        return _estimate(mean_interval(amount, seen.cluster, weight), no_interval is None)

    weighted = replay.weight * seen.reward
    robust = robust_amounts(seen, replay)
    served = robust_amounts(seen, as_served(seen))
    return Evaluated(
        policy=name,
        told=told,
        no_interval=no_interval,
        ips=estimate(weighted),
        snips=estimate(weighted, replay.weight),
        direct=None if replay.direct is None else Estimate(value=float(replay.direct.mean())),
        doubly_robust=None if replay.direct is None else estimate(robust),
        difference=None if name == SERVED else estimate(robust - served),
        overlap=found,
    )


def _estimate(found: Interval, holds: bool) -> Estimate:
    if not holds or not np.isfinite(found.error):
        return Estimate(value=found.value)
    return Estimate(value=found.value, lower=found.lower, upper=found.upper)
