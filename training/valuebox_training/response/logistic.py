"""Fit the logistic regressions of the response model."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from valuebox.compartments.response.logistic import Logistic

_STILL = 1e-6


def fit_logistic(
    matrix: NDArray[np.float32], did: NDArray[np.bool_], columns: Sequence[int], ridge: float
) -> Logistic:
    """Fit by penalised likelihood.

    Args:
        matrix: `(n_rows, n_columns)`; NaN where something is missing.
        did: Who responded, `(n_rows,)`; where all did, or nobody, only the level is learned.
        columns: Which columns to look at.
        ridge: Multiple of half the squared weights of standardised columns that is added to the
            sum of the log losses.
    """
    looked = matrix[:, list(columns)]
    known = ~np.isnan(looked)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, looked, 0).sum(axis=0, dtype=np.float64) / count
    off = np.where(known, looked - mean, 0)
    scale = np.sqrt(np.square(off).sum(axis=0, dtype=np.float64) / count)
    lowest = np.where(known, looked, np.inf).min(axis=0)
    highest = np.where(known, looked, -np.inf).max(axis=0)
    some = known.any(axis=0)
    rate = (did.sum() + 0.5) / (len(did) + 1)
    start = Logistic(
        columns=tuple(columns),
        lowest=tuple(np.where(some, lowest, 0).tolist()),
        highest=tuple(np.where(some, highest, 0).tolist()),
        mean=tuple(mean.tolist()),
        scale=tuple(np.where(scale > _STILL, scale, 1.0).tolist()),
        weights=(0.0,) * len(columns),
        intercept=float(np.log(rate / (1 - rate))),
    )
    if did.all() or not did.any():
        return start
    learner = LogisticRegression(C=1 / ridge, solver="newton-cholesky", max_iter=50)
    with warnings.catch_warnings():
        # The last steps change nothing that could be seen in a probability.
        warnings.simplefilter("ignore", ConvergenceWarning)
        learner.fit(start.standardised(matrix), did)
    weights, intercept = learner.coef_[0].tolist(), float(learner.intercept_[0])
    return start.model_copy(update={"weights": tuple(weights), "intercept": intercept})
