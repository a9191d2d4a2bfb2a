"""What users have paid already: what predictions may not fall below, and how far they reach.

Trees say the same of every amount beyond the largest that they have learned from, so that somebody
who has paid 1,000 would be predicted like somebody who has paid 40. And what was paid stays,
except where refunds are likely.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Floats = NDArray[np.float64]
Amounts = Sequence[float | None] | NDArray[Any] | None
"""Amount that each user has paid; None and NaN are missing."""

_NONE: Final = -1


class Beyond(NamedTuple):
    """Users whose `STV` is outside of what a model has learned from."""

    users: int = 0
    first: int = _NONE
    """The row of the first of these users, from 0."""

    def and_then(self, later: "Beyond") -> "Beyond":
        """These users, and those of rows that come later."""
        return Beyond(self.users + later.users, self.first if self.users else later.first)


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
        paid = np.nan_to_num(np.asarray(stv, dtype=np.float64))
        return np.maximum(paid / self.highest, 1.0) if paid.max(initial=0) > self.highest else None

    def beyond(self, stv: Amounts) -> Beyond:
        """Which users have an `STV` that is outside of what was learned from."""
        if stv is None or self.lowest is None or self.highest is None:
            return Beyond()
        paid = np.asarray(stv, dtype=np.float64)
        rows = np.flatnonzero((paid < self.lowest) | (paid > self.highest))
        return Beyond(len(rows), int(rows[0])) if len(rows) else Beyond()

    def warnings(self, beyond: Beyond, counted_from: int = 0) -> list[str]:
        """A sentence about users whose `STV` is outside of what was learned from, if there are.

        Args:
            beyond: These users.
            counted_from: The number that people call the first row by: 1 in files.
        """
        if not beyond.users:
            return []
        row = beyond.first + counted_from
        whose = "1 user" if beyond.users == 1 else f"{beyond.users:,} users, the first one"
        return [
            f"The model has learned from STV between {self.lowest:.6g} and {self.highest:.6g}; "
            f"that of {whose} in row {row:,} is outside, where less is known."
        ]
