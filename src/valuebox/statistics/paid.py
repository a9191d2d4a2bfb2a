"""What users have paid already: what predictions may not fall below, and how far they reach.

Trees say the same of every amount beyond the largest that they have learned from, so that somebody
who has paid 1,000 would be predicted like somebody who has paid 40. And what was paid stays,
except where refunds are likely.
"""

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.statistics.arrays import Floats
from valuebox.statistics.reach import Amounts, Reach


class Paid(BaseModel):
    """The amounts that were learned from, and how much of them users were left with."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    lowest: float | None = Field(
        default=None, description="Smallest `STV` of the training users; null where none is known."
    )
    highest: float | None = Field(
        default=None, description="Largest `STV` of the training users; null where none is known."
    )
    kept: Annotated[float, Field(le=1)] | None = Field(
        default=None,
        description="Predictions are never below this share of `STV`: 1 unless refunds are likely; "
        "null of models that were saved before this was learned.",
    )

    def bounded(self, predictions: Floats, stv: Amounts) -> Floats:
        """Predictions of the trees, put right where they cannot be right.

        Beyond the largest amount that was learned from, every further unit counts as much as those
        before it, at most as one.

        Args:
            predictions: Of the booster, `(n_users,)`, in the currency of `stv`.
            stv: What each user has paid already.
        """
        if stv is None or self.kept is None:
            return predictions
        paid = np.asarray(stv, dtype=np.float64)
        highest = np.inf if self.highest is None else self.highest
        # Where nothing is known to be paid there is nothing to compare with: `fmax` passes NaN by.
        found = np.fmax(predictions, self.kept * np.minimum(paid, highest))
        further = np.fmax(paid - highest, 0.0)
        if not further.any():
            return found
        return found + further * (np.minimum(found / highest, 1.0) if highest > 0 else 1.0)

    def stretch(self, stv: Amounts) -> Floats | None:
        """How many times as much as any training user each user has paid; 1 where it is not more.

        None where that is so of all of them.
        """
        if stv is None or not self.highest or self.kept is None:
            return None
        paid = np.fmax(np.asarray(stv, dtype=np.float64), 0.0)
        return np.maximum(paid / self.highest, 1.0) if paid.max(initial=0) > self.highest else None

    @property
    def reach(self) -> Reach:
        """Between which amounts of `STV` it was learned."""
        return Reach("STV", self.lowest, self.highest)
