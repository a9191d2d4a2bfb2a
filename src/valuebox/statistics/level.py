"""Where the level of amounts to come has moved to since most of what was learned from.

Trees that do not see the date predict the average of the months they learned from. When people
spend less than they used to, every prediction is too high by about the same factor of what is
still to come, and the newest ones whose outcome is known show that factor best.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from valuebox.statistics.reach import Amounts, known_or_nan


@dataclass(frozen=True)
class Level:
    """Correction of the level of the *future*: of what is still to come when it is predicted."""

    level: float = 0.0
    """Latest (actual - predicted) / predicted future; 0 where nothing has moved."""
    future_share: float = 0.0
    """Future / outcome on average, where it is not known what of a prediction has come already."""

    def corrected(self, predictions: NDArray[np.float64], paid: Amounts) -> NDArray[np.float64]:
        """The predictions with their future scaled to the latest level.

        Args:
            predictions: `(n_rows,)`, in the currency of `paid`.
            paid: What of each has come already; None or NaN where it is not known.
        """
        known = known_or_nan(paid, len(predictions))
        future = np.where(np.isnan(known), self.future_share * predictions, predictions - known)
        # Less than what was paid is a refund to come, or an amount nobody paid before.
        return predictions + self.level * np.maximum(future, 0.0)

    def to_dict(self) -> dict[str, float]:
        """The correction, as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Self:
        """The correction that `to_dict` described."""
        return cls(values["level"], values["future_share"])
