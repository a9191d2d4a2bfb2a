"""How sure fitted parameters are: a normal distribution around the most likely ones."""

from collections.abc import Callable
from typing import Final

import numpy as np

from valuebox.statistics.arrays import Floats

_STEP: Final = 1e-4
_LEAST: Final = 1.0
"""Curvature that is taken for the least: what the data do not tell varies by a factor of e."""


def covariance(gradient: Callable[[Floats], Floats], at: Floats, customers: float) -> Floats:
    """Covariance of estimated parameters: the inverse of the observed information.

    Laplace's approximation; see Gelman and others, Bayesian Data Analysis, section 4.1.

    Args:
        gradient: Of the mean negative log-likelihood of a customer, by the parameters.
        at: The most likely parameters, `(n_parameters,)`.
        customers: How many they were learned from.

    Returns:
        `(n_parameters, n_parameters)`.
    """
    steps = _STEP * np.eye(len(at))
    curved = np.array([gradient(at + step) - gradient(at - step) for step in steps]) / (2 * _STEP)
    information = customers * (curved + curved.T) / 2
    values, vectors = np.linalg.eigh(information)
    found: Floats = vectors / np.maximum(values, _LEAST) @ vectors.T
    return found
