"""A logistic regression that has been learned: plain numbers, which JSON holds."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from valuebox.facts.windows import Floats


class Logistic(BaseModel):
    """Log-odds as a weighted sum of columns of a matrix."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[int, ...]
    """Which columns of the matrix are looked at; the other fields have a number for each."""
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    """What was seen in training: nothing is said of what lies beyond."""
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def standardised(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """Columns in standard deviations, `(n_rows, len(columns))`; what is missing is the mean."""
        lowest, highest, mean, scale = np.array(
            [self.lowest, self.highest, self.mean, self.scale], dtype=np.float32
        )
        found = matrix[:, list(self.columns)]
        np.clip(found, lowest, highest, out=found)
        found -= mean
        found /= scale
        return np.nan_to_num(found, copy=False, nan=0.0)

    def log_odds(self, matrix: NDArray[np.float32]) -> Floats:
        """Log-odds of the rows of a matrix with all columns, `(n_rows,)`."""
        weights = np.array(self.weights, dtype=np.float32)
        return (self.standardised(matrix) @ weights).astype(np.float64) + self.intercept
