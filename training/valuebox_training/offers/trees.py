"""Grow the trees of offers: upon a regression, and never likelier where the price is higher."""

from typing import Any, Final

import numpy as np
import xgboost as xgb

from valuebox.compartments.offers.chance import Regression, Trees, matrix_of
from valuebox.compartments.offers.encoding import Encoded
from valuebox.statistics.arrays import Floats
from valuebox_training.offers.regression import Lessons

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


def grow(lessons: Lessons, regression: Regression, types: int, seed: int, threads: int) -> Trees:
    """Trees that add to what a regression says of whether offers are bought."""
    matrix = matrix_of(lessons.encoded, types)
    start = regression.log_odds(lessons.encoded) + lessons.offset
    data = xgb.QuantileDMatrix(
        matrix,
        lessons.bought,
        weight=lessons.weight,
        base_margin=start,
        max_bin=GROWN["max_bin"],
        nthread=threads,
    )
    monotone = (-1, *[0] * (matrix.shape[1] - 1))
    settings = {"seed": seed, "nthread": threads, "monotone_constraints": monotone}
    # The margin is given with every row, so that none is to be added again.
    booster = xgb.train(GROWN | settings | {"base_score": 0.5}, data, ROUNDS)
    return Trees(booster)


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
