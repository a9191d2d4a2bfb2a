"""How much a treatment changes what each customer does, learned from an experiment.

Kennedy (2023), Towards optimal doubly robust estimation of heterogeneous causal effects: what a
customer did, less what such customers do in either arm, is turned into an outcome whose mean is
the effect, and that is learned. Trees are shallow and few, because effects differ much less than
customers do.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.models.boosters import xgb
from valuebox.statistics.arrays import Floats, Mask

FOLDS: Final = 5
_LEAVES_OF: Final = 50
"""A leaf holds at least one of so many customers."""
_COMMON: Final[dict[str, Any]] = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "nthread": 1,
    "eta": 0.1,
}
_ROUNDS: Final = 40

Matrix = NDArray[np.float32]


def held_out(
    features: Matrix, treated: Mask, outcome: Floats, seed: int = 0
) -> tuple[NDArray[np.intp], Floats]:
    """Customers who were not learned from, half of all, and the effect that is foretold of each.

    Not cross-fitted: models of several folds learn from each other's customers, so that their
    scores together look surer than they are.

    Args:
        features: What is known of customers, `(n_customers, n_features)`.
        treated: Who was treated, by chance.
        outcome: What each did.
        seed: Of who is learned from.
    """
    order = np.random.default_rng(seed).permutation(len(outcome))
    known, judged = np.array_split(order, 2)
    model = learned_from(features[known], treated[known], outcome[known], seed)
    return judged, predicted(model, features[judged])


def learned_from(features: Matrix, treated: Mask, outcome: Floats, seed: int = 0) -> xgb.Booster:
    """Train the model that predicts the effect on each customer."""
    fold = np.random.default_rng(seed).permutation(len(outcome)) % FOLDS
    return fit(features, _pseudo_outcomes(features, treated, outcome, fold), depth=2)


def fit(features: Matrix, target: Floats, depth: int) -> xgb.Booster:
    """Trees that tell the target from the features."""
    parameters = _COMMON | {
        "max_depth": depth,
        "min_child_weight": max(10.0, len(target) / _LEAVES_OF),
        "base_score": float(target.mean()),
    }
    return xgb.train(parameters, xgb.DMatrix(features, target), _ROUNDS)


def predicted(model: xgb.Booster, features: Matrix) -> Floats:
    """What the model predicts for each customer, `(n_customers,)`."""
    return np.asarray(model.predict(xgb.DMatrix(features)), dtype=np.float64)


def _pseudo_outcomes(
    features: Matrix, treated: Mask, outcome: Floats, fold: NDArray[np.intp]
) -> Floats:
    """Outcomes whose mean, given the features, is the effect."""
    share = treated.mean()
    usual = np.zeros(len(outcome))
    for one in range(FOLDS):
        usual[fold == one] = predicted(
            fit(features[fold != one], outcome[fold != one], depth=3), features[fold == one]
        )
    found: Floats = (outcome - usual) * (treated - share) / (share * (1 - share))
    return found
