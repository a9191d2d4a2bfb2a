"""Whether the arms of an experiment are as large as chance was meant to make them."""

from typing import Final

import scipy
from pydantic import BaseModel, ConfigDict, Field

from valuebox.statistics.arrays import Codes, Floats

_MISMATCH: Final = 0.001


class RatioMismatch(BaseModel):
    """Whether the arms have as many customers as were meant (Pearson's chi-square)."""

    model_config = ConfigDict(frozen=True)

    chi2: float = Field(
        description="Pearson's chi-square: over all arms, the sum of the squared difference from "
        "the meant number, divided by that number."
    )
    p_value: float = Field(
        description="Probability that chance alone leads as far from what was meant."
    )
    is_mismatch: bool = Field(
        description="Whether `p_value` is below 0.001, so that no effect is to be believed."
    )


def ratio_mismatch(counts: Codes, meant: Floats) -> RatioMismatch:
    """Test whether arms have as many members as they were meant to.

    Fabijan and others (2019), Diagnosing sample ratio mismatch in online controlled experiments.

    Args:
        counts: Customers, or sessions, of each arm, `(n_arms,)`.
        meant: The share that each was meant to get, 1 in all.
    """
    chi2, p = scipy.stats.chisquare(counts, counts.sum() * meant)
    return RatioMismatch(chi2=float(chi2), p_value=float(p), is_mismatch=bool(p < _MISMATCH))
