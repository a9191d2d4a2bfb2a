"""Grow the trees of offers: upon a regression, and never likelier where the price is higher."""

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
    "max_bin": 64,
    "learning_rate": 0.15,
    "max_depth": 3,
    "min_child_weight": 50,
    "subsample": 0.8,
    "reg_lambda": 20.0,
}
_USUAL_ROUNDS: Final = 40


class Orchard:
    """Offers that were shown, from which trees are grown more than once."""

    def __init__(self, encoded: Encoded, types: int, bought: NDArray[np.bool_], threads: int):
        matrix = matrix_of(encoded, types)
        self.threads, self.width = threads, matrix.shape[1]
        bins = GROWN["max_bin"]
        self.data = xgb.QuantileDMatrix(matrix, bought, max_bin=bins, nthread=threads)

    def grow(self, log_odds: Floats, weight: Floats, seed: int) -> Trees:
        """Trees that add to what a regression says of whether offers are bought.

        Args:
            log_odds: What that says, `(n,)`.
            weight: How much each offer counts, `(n,)`.
            seed: Of the samples.
        """
        self.data.set_info(base_margin=log_odds, weight=weight)
        monotone = (-1, *[0] * (self.width - 1))
        settings = {"seed": seed, "nthread": self.threads, "monotone_constraints": monotone}
        # The margin is given with every row, so that none is to be added again.
        return Trees(xgb.train(GROWN | settings | {"base_score": 0.5}, self.data, ROUNDS))


def grow_usual(
    encoded: Encoded, week: Floats, weight: Floats, seed: int, threads: int
) -> xgb.Booster:
    """Trees that say what a player spends within a week, `(n,)`, by what is known of the player."""
    data = xgb.QuantileDMatrix(
        encoded.features.astype(np.float32),
        week,
        weight=weight,
        max_bin=_USUAL["max_bin"],
        nthread=threads,
    )
    return xgb.train(_USUAL | {"seed": seed, "nthread": threads}, data, _USUAL_ROUNDS)
