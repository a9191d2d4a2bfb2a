"""What a bought offer does to other purchases of the week: it may replace them, or lead to more."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from valuebox.compartments.offers.encoding import Encoded
from valuebox.models import directly
from valuebox.statistics.arrays import Floats

if TYPE_CHECKING:
    import xgboost as xgb


class Effects(BaseModel):
    """How much more is spent on other things within the week once an offer is bought.

    A sum of so much for a purchase, a share of its price, and a share of what the player spends
    on other things in a usual week.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    each: tuple[tuple[float, float, float], ...]
    """The three for each type, and for types that are not known."""


@dataclass(frozen=True)
class Later:
    """The later effect of a purchase."""

    effects: Effects
    usual: "xgb.Booster"
    """Trees that say what a player spends on other things in a usual week."""

    def usual_week(self, encoded: Encoded) -> Floats:
        """What players spend on other things in a usual week, `(n,)`, in currency."""
        found = directly.predict(self.usual, encoded.features.astype(np.float32))
        return np.maximum(found.astype(np.float64), 0.0)

    def effect(self, encoded: Encoded, price: Floats) -> Floats:
        """By how much other purchases change where a candidate is bought, `(m,)`, in currency."""
        each = np.array(self.effects.each)[encoded.type]
        usual = self.usual_week(encoded)[encoded.decision]
        found: Floats = each[:, 0] + each[:, 1] * price + each[:, 2] * usual
        return found
