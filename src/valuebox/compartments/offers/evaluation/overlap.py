"""Whether a log can tell what a policy earns: how much of it the policy would have chosen, too."""

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.offers.evaluation.replay import Replay, Seen
from valuebox.statistics.clustered import mean_interval

LEAST_EFFECTIVE: Final = 200
MOST_OF_ONE: Final = 0.05
_SURE: Final = 0.999
_NOTABLE: Final = 0.01


class Overlap(BaseModel):
    """How much of a log a policy would have chosen, too."""

    model_config = ConfigDict(frozen=True)

    effective_decisions: float = Field(
        description="As many decisions by the policy itself would tell as much: Kish's effective "
        "sample size of the weights."
    )
    largest_weight_share: float = Field(
        description="Share of all weight that the decision with the largest weight carries."
    )
    never_chosen: float = Field(
        description="Share of the decisions whose logged choice the policy would never make."
    )
    unsupported: float = Field(
        description="Share of the policy's choices that the log could not have made: their "
        "propensity is 0, or they are nowhere in it."
    )
    mean_weight: float = Field(
        description="Mean weight of the decisions: 1 but for chance, where the propensities are "
        "those by which the log was drawn and nothing is unsupported."
    )
    warnings: list[str] = Field(description="What speaks against believing the estimates.")


def overlap(seen: Seen, replay: Replay) -> Overlap:
    """Look at the weights of a policy."""
    weight = replay.weight
    total, squares = float(weight.sum()), float((weight**2).sum())
    unsupported = float(replay.unsupported.mean())
    warnings = []
    if unsupported > _NOTABLE:
        warnings.append(
            f"{unsupported:.1%} of its choices are not in the log: what they earn is not known"
        )
    mean = mean_interval(weight, seen.cluster, level=_SURE)
    if not mean.lower <= 1 - unsupported <= mean.upper:
        warnings.append(
            f"its weights are {mean.value:.3f} on average and should be {1 - unsupported:.3f}: the "
            "propensities are not those by which the log was drawn"
        )
    return Overlap(
        effective_decisions=total**2 / squares if squares else 0.0,
        largest_weight_share=float(weight.max()) / total if total else 1.0,
        never_chosen=float(np.mean(weight == 0)),
        unsupported=unsupported,
        mean_weight=mean.value,
        warnings=warnings,
    )


def refusal(found: Overlap) -> str | None:
    """Why a log cannot tell what a policy earns; None where it can."""
    if found.effective_decisions < LEAST_EFFECTIVE:
        return (
            f"the log tells as much of it as {found.effective_decisions:.0f} decisions of its own "
            f"would, and it takes {LEAST_EFFECTIVE}"
        )
    if found.largest_weight_share > MOST_OF_ONE:
        return (
            f"one decision carries {found.largest_weight_share:.0%} of the weight, and may carry "
            f"{MOST_OF_ONE:.0%} at most"
        )
    return None
