"""What a model of handle has learned: how much effects vary, and how wide intervals have to be."""

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.handle.prior import USUAL
from valuebox.statistics.arrays import Codes, Floats

LEADS: Final = {"match day": 24.0, "day before": 48.0, "up to 4 days": 96.0, "earlier": np.inf}
"""Classes of forecasts, by the hours from the last known bets to the match, at most."""


def lead_class(lead: Floats) -> Codes:
    """The position of the class of each lead among `LEADS`."""
    return np.searchsorted(list(LEADS.values()), lead, side="left")


def class_names(lead: Floats) -> list[str]:
    """The class of each lead."""
    names = list(LEADS)
    return [names[code] for code in lead_class(lead).tolist()]


class Recipe(BaseModel):
    """How forecasts are made of what is known; the same recipe is applied at every moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    variances: dict[str, float] = Field(default=dict(USUAL))
    """Of each kind of effect, in logarithms; see `prior.KERNELS`."""
    wider: list[float] = Field(default=[1.0] * len(LEADS))
    """By how much intervals of each class of `LEADS` are wider than the model says."""
    wider_total: float = 1.0
    """The same of the interval of a week's total."""
    skew: float = 0.25
    """How much of the variance the forecast lies above the median: 0.5 for the mean."""

    def widening(self, lead: Floats) -> Floats:
        """By how much the interval at each lead is wider."""
        found: Floats = np.array(self.wider)[lead_class(lead)]
        return found
