"""A forest on what is known of matches before anybody bets: what most would try first.

It is fair: it learns from matches that were over by then alone, of numbers that were known then.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from valuebox.compartments.handle.features import Described
from valuebox.statistics.arrays import Floats

_TREES: Final = 100
_GROWN: Final = {
    "num_parallel_tree": _TREES,
    "learning_rate": 1.0,
    "max_depth": 8,
    "min_child_weight": 2,
    "reg_lambda": 0.0,
    "subsample": 0.63,
    "colsample_bynode": 0.5,
    "nthread": 1,
    "seed": 0,
}
"""A random forest, as XGBoost grows one: each tree on two thirds of the matches, as if drawn with
replacement, and half of the numbers at each split."""


def grown(past: Described, handle: Floats) -> Callable[[Described], Floats]:
    """A forest that has learned from matches: a function that says what it makes of others.

    Args:
        past: Matches that are over.
        handle: What was wagered on each.
    """
    import xgboost as xgb

    if not len(past):
        return lambda asked: np.zeros(len(asked))
    slots = np.unique(past.slot)

    def rows(of: Described) -> Floats:
        return np.column_stack((of.numbers, of.slot[:, None] == slots, of.week))

    trees = xgb.train(_GROWN, xgb.DMatrix(rows(past), handle), num_boost_round=1)
    return lambda asked: np.asarray(trees.predict(xgb.DMatrix(rows(asked))), dtype=np.float64)
