"""Grow the trees of offers: upon a regression, and never likelier where the price is higher.

Trees take one processor each, so that they are the same wherever they are grown.
"""

from threading import Lock
from typing import Any, Final

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from valuebox.compartments.offers.chance import Trees, matrix_of
from valuebox.compartments.offers.encoding import Encoded
from valuebox.statistics.arrays import Floats

GROWN: Final[dict[str, Any]] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "nthread": 1,
    "max_bin": 64,
    "learning_rate": 0.1,
    "max_depth": 3,
    "min_child_weight": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "reg_lambda": 20.0,
}
ROUNDS: Final = 40
_USUAL: Final = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "nthread": 1,
    "max_bin": 64,
    "learning_rate": 0.15,
    "max_depth": 3,
    "min_child_weight": 50,
    "subsample": 0.8,
    "reg_lambda": 20.0,
}
_USUAL_ROUNDS: Final = 40


class Orchard:
    """Offers that were shown, from which trees are grown more than once; any thread may ask."""

    def __init__(self, encoded: Encoded, types: int, bought: NDArray[np.bool_]):
        matrix = matrix_of(encoded, types)
        self.width, bins = matrix.shape[1], GROWN["max_bin"]
        self.data = xgb.QuantileDMatrix(matrix, bought, max_bin=bins, nthread=1)
        self._alone = Lock()

    def grow(self, log_odds: Floats, weight: Floats, seed: int) -> Trees:
        """Trees that add to what a regression says of whether offers are bought.

        Args:
            log_odds: What that says, `(n,)`.
            weight: How much each offer counts, `(n,)`.
            seed: Of the samples.
        """
        monotone = (-1, *[0] * (self.width - 1))
        # The margin is given with every row, so that none is to be added again.
        settings = {"seed": seed, "monotone_constraints": monotone, "base_score": 0.5}
        with self._alone:
            self.data.set_info(base_margin=log_odds, weight=weight)
            return Trees(xgb.train(GROWN | settings, self.data, ROUNDS))


def grow_usual(encoded: Encoded, week: Floats, weight: Floats, seed: int) -> xgb.Booster:
    """Trees that say what a player spends within a week, `(n,)`, by what is known of the player."""
    data = xgb.QuantileDMatrix(
        encoded.features.astype(np.float32),
        week,
        weight=weight,
        max_bin=_USUAL["max_bin"],
        nthread=1,
    )
    return xgb.train(_USUAL | {"seed": seed}, data, _USUAL_ROUNDS)
