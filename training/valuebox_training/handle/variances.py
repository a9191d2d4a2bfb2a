"""Variances of the effects on handle: the likeliest ones, by matches that are over."""

from typing import Final

import numpy as np
from scipy.optimize import minimize

from valuebox.compartments.handle.features import Described
from valuebox.compartments.handle.prior import KERNELS, USUAL, trend
from valuebox.statistics.arrays import Floats

_FIXED: Final = ("constant",)
_WIDTH: Final = 2.0
"""How far a variance may be from the usual one, as the deviation of its logarithm."""
_ROUNDS: Final = 60


def likeliest(rows: Described, handle: Floats, noise: Floats) -> dict[str, float]:
    """Variances of all effects.

    They maximise the likelihood of the matches, beside what is usual: few matches say little of
    an effect, which then stays as it usually is.

    Args:
        rows: Matches that are over.
        handle: Their handle, above 0.
        noise: Variance of the logarithm of each that is due to its being of few bets.
    """
    names = [name for name in KERNELS if name not in _FIXED]
    usual = np.log([*(USUAL[name] for name in names), USUAL["chance"]])
    parts = np.array([KERNELS[name](rows, rows) for name in names])
    flat = parts.reshape(len(names), -1)
    fixed = sum(USUAL[name] * KERNELS[name](rows, rows) for name in _FIXED) + np.diag(noise)
    residual = np.log(handle) - trend(rows)
    diagonal = np.diag_indices(len(rows))

    def loss(logs: Floats) -> tuple[float, Floats]:
        values = np.exp(logs)
        covariance = fixed + (values[:-1] @ flat).reshape(fixed.shape)
        covariance[diagonal] += values[-1]
        root = np.linalg.cholesky(covariance)
        inverse = np.linalg.inv(covariance)
        solved = inverse @ residual
        found = 0.5 * residual @ solved + np.log(np.diag(root)).sum()
        pulling = inverse - np.outer(solved, solved)
        slope = np.append(flat @ pulling.ravel(), np.trace(pulling)) * values / 2
        away = (logs - usual) / _WIDTH
        return float(found + away @ away / 2), slope + away / _WIDTH

    found = minimize(loss, usual, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS})
    learned = dict(zip([*names, "chance"], np.exp(found.x).tolist(), strict=True))
    return {**{name: USUAL[name] for name in _FIXED}, **learned}
