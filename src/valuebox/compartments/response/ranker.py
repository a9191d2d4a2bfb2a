"""How likely things are of customers: two kinds of logistic regression, and trees upon them."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from valuebox.compartments.response.logistic import Logistic
from valuebox.facts.windows import Floats
from valuebox.models import boosters

Way = Literal["baseline", "logistic", "trees", "both"]
"""`both` is the mean of the log-odds of the two before it."""


class Regressions(BaseModel):
    """What a ranker holds beside its trees."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    baseline: tuple[Logistic, ...]
    """Regression for each cell, on recency and the counts of 30, 90 and 365 days."""
    logistic: Logistic
    """Regression on all columns, for all cells."""
    way: Way
    """The way to predict that was best in months that it had not seen."""
    shift: float = 0.0
    """What the level of the last months adds to the log-odds."""
    moves: float = 0.0
    """Standard deviation of the log-odds that the level of a month to come may be off by."""
    cells: tuple[float, ...] = ()
    """What each cell's own level adds beside that; empty where cells are not levelled apart."""


@dataclass(frozen=True)
class Ranker:
    """Says how likely each of several cells is; a matrix has a row for each of them."""

    regressions: Regressions
    booster: "boosters.xgb.Booster"

    def baseline(self, matrix: NDArray[np.float32]) -> Floats:
        """Log-odds by the baseline.

        Args:
            matrix: `(n_customers, n_cells, n_columns)`.

        Returns:
            `(n_customers, n_cells)`.
        """
        each = [one.log_odds(matrix[:, cell]) for cell, one in enumerate(self.regressions.baseline)]
        return np.column_stack(each) if each else np.zeros(matrix.shape[:2])

    def ways(self, matrix: NDArray[np.float32]) -> dict[Way, Floats]:
        """Log-odds by each way, before the level is moved: `(n_customers, n_cells)`."""
        baseline, shape = self.baseline(matrix), matrix.shape[:2]
        rows = np.ascontiguousarray(matrix.reshape(-1, matrix.shape[2]))
        logistic = self.regressions.logistic.log_odds(rows).reshape(shape)
        margin = self.start(baseline, logistic).ravel()
        trees: Floats = baseline
        if len(rows):
            found = self.booster.inplace_predict(rows, base_margin=margin, predict_type="margin")
            trees = found.astype(np.float64).reshape(shape)
        both = (logistic + trees) / 2
        return {"baseline": baseline, "logistic": logistic, "trees": trees, "both": both}

    @staticmethod
    def start(baseline: Floats, logistic: Floats) -> NDArray[np.float32]:
        """The log-odds that the trees add to."""
        return ((baseline + logistic) / 2).astype(np.float32)

    def log_odds(self, matrix: NDArray[np.float32]) -> Floats:
        """Log-odds of each cell as they are served, `(n_customers, n_cells)`."""
        found: Floats = self.ways(matrix)[self.regressions.way] + self.regressions.shift
        return found + np.array(self.regressions.cells) if self.regressions.cells else found

    @classmethod
    def read(cls, regressions: Regressions, booster: bytes) -> Self:
        """Put together what was saved."""
        return cls(regressions, boosters.booster_of(booster))
