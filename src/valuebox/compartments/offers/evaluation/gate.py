"""Whether a policy may take the place of another one, by a log of the other's decisions.

Both are judged on the same decisions, so that what players spend anyway drops out: what is tested
is the mean of the differences, clustered by player.
"""

from enum import StrEnum
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.offers.evaluation.estimates import robust_amounts
from valuebox.compartments.offers.evaluation.overlap import Overlap, overlap, refusal
from valuebox.compartments.offers.evaluation.replay import Replay, Seen, as_served
from valuebox.statistics.clustered import Interval, mean_interval

MARGIN: Final = 0.02
"""What a policy may lose at most, as a share of what the other one earns."""


class Mode(StrEnum):
    """What a policy has to show."""

    BETTER = "better"
    """The policy earns more: the lower end of the difference is above 0."""
    NOT_WORSE = "not-worse"
    """The policy loses no more than a margin: the lower end is above what the margin allows."""
    WATCH = "watch"
    """Nothing says that the policy earns less: the upper end is not below 0."""


class Verdict(BaseModel):
    """Whether a policy may take the place of another one, and by what evidence."""

    model_config = ConfigDict(frozen=True)

    passed: bool = Field(description="Whether the policy may take the other one's place.")
    proven: bool = Field(
        description="Whether the log proves, with an error of 5 %, that the policy loses no more "
        "than the margin; one that passed without is to be watched."
    )
    mode: Mode = Field(description="What the policy had to show.")
    margin: float = Field(
        description="What it may lose at most, as a share of what the other one earns."
    )
    why: str = Field(description="The reason, in a sentence.")
    served: float = Field(description="What the other policy earns a decision.")
    difference: float | None = Field(
        default=None,
        description="What the policy earns more a decision; null where the log cannot tell.",
    )
    lower: float | None = Field(
        default=None, description="Lower end of the 90 % interval of `difference`."
    )
    upper: float | None = Field(default=None, description="Upper end of it.")
    overlap: Overlap = Field(description="Whether the log can tell.")


def gate(
    seen: Seen,
    policy: Replay,
    than: Replay | None = None,
    mode: Mode = Mode.NOT_WORSE,
    margin: float = MARGIN,
) -> Verdict:
    """Judge a policy beside the one that was served, or beside another one.

    A policy that loses more than the margin passes `NOT_WORSE`, and one that loses anything passes
    `BETTER`, in 5 of 100 logs at most. `WATCH` lets pass whatever the log cannot tell.

    Args:
        seen: What came of decisions that the policy has not learned from; rewards with a heavy
            tail are cut before.
        policy: The policy that wants to be served, held against the log.
        than: The policy whose place it takes; None for the log as it was served.
        mode: What the policy has to show.
        margin: What it may lose, as a share of what the other one earns.
    """
    other = as_served(seen) if than is None else than
    found = overlap(seen, policy)
    now = robust_amounts(seen, other)
    told: dict[str, Any] = {
        "mode": mode, "margin": margin, "served": float(now.mean()), "overlap": found
    }  # fmt: skip
    cannot = refusal(found) or refusal(overlap(seen, other))
    if cannot is not None:
        why = f"the log cannot tell: {cannot}"
        return Verdict(passed=mode is Mode.WATCH, proven=False, why=why, **told)
    apart = robust_amounts(seen, policy) - now
    difference = mean_interval(apart, seen.cluster)
    # What the margin allows is estimated from the same players, and varies with the difference.
    allowed = mean_interval(apart + margin * now, seen.cluster)
    proven = allowed.lower >= 0 and np.isfinite(difference.error)
    passed, why = _judged(mode, margin, difference, bool(proven))
    return Verdict(
        passed=passed,
        proven=bool(proven),
        why=why,
        difference=difference.value,
        lower=difference.lower if np.isfinite(difference.error) else None,
        upper=difference.upper if np.isfinite(difference.error) else None,
        **told,
    )


def _judged(mode: Mode, margin: float, found: Interval, proven: bool) -> tuple[bool, str]:
    span = f"{found.value:+.4g} a decision, {found.lower:+.4g} to {found.upper:+.4g}"
    if mode is Mode.NOT_WORSE:
        said = "loses" if proven else "is not proven to lose"
        return proven, f"{said} no more than {margin:.1%}: {span}"
    if mode is Mode.BETTER:
        passed = found.lower > 0
        return passed, f"{'earns' if passed else 'is not proven to earn'} more: {span}"
    passed = found.upper >= 0
    return passed, f"{'nothing says that it earns' if passed else 'earns'} less: {span}"
