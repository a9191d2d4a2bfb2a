"""Where behaviour has moved to since most of the training users joined.

Trees that do not see the date predict the average of the months they learned from. When users
renew less than they used to, every prediction is too high by about the same factor of what is
still to come, and the users who joined last show that factor best.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from valuebox.statistics.reach import Amounts, known_or_nan


@dataclass(frozen=True)
class Level:
    """Correction of the level of the *future*: of what users pay after the first 4 days."""

    level: float = 0.0
    """Latest (actual - predicted) / predicted future; 0 where nothing has moved."""
    future_share: float = 0.0
    """Future / target of the average training user, for users whose `STV` is missing."""

    def corrected(self, predictions: NDArray[np.float64], stv: Amounts) -> NDArray[np.float64]:
        """The predictions with their future scaled to the latest level.

        Args:
            predictions: Of the booster, `(n_users,)`, in the currency of `stv`.
            stv: What each user has paid already; None or NaN where it is not known.
        """
        paid = known_or_nan(stv, len(predictions))
        future = np.where(np.isnan(paid), self.future_share * predictions, predictions - paid)
        # Less than what was paid is a refund to come, or an amount nobody paid before.
        return predictions + self.level * np.maximum(future, 0.0)

    def to_dict(self) -> dict[str, float]:
        """The correction, as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        """The correction that `to_dict` described."""
        return cls(values["level"], values["future_share"])
