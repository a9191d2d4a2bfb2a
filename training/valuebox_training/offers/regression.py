"""Fit the logistic regressions of offers: hierarchical, with priors as wide as the data ask for.

What is known of all offers is shared, and each type deviates from it as far as its own purchases
support. How wide each kind of coefficient is spread is learned too, by the evidence (MacKay,
Bayesian interpolation, Neural Computation 4, 1992). The types' own coefficients touch each other
only by way of the shared ones: a step takes time in proportion to the rows, however many types
there are.
"""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.chance import Regression
from valuebox.compartments.offers.encoding import Encoded
from valuebox.statistics.arrays import Floats

_STEPS: Final = 12
_STILL: Final = 1e-3
_LEAST, _MOST = 0.5, 1e4
"""Bounds of the precisions of priors."""
_OPEN: Final = 1e-3
"""Precision where nothing is held back: of the common level."""


class Lessons(NamedTuple):
    """Offers that were shown, one of each decision, and whether they were bought."""

    encoded: Encoded
    """Each decision with its shown candidate alone, `(n,)`."""
    bought: NDArray[np.bool_]
    weight: Floats
    """How much each counts, `(n,)`."""
    offset: Floats
    """Log-odds that each lacks since its purchase may not be known yet, `(n,)`."""


class _Groups(NamedTuple):
    """To which prior each coefficient belongs; 0 is open."""

    common: NDArray[np.intp]
    each: NDArray[np.intp]


def fit_regression(lessons: Lessons, types: int) -> Regression:
    """Fit by the largest posterior.

    Args:
        lessons: What was shown, and what came of it.
        types: How many types are known; shown candidates of others count for all.
    """
    order = np.argsort(lessons.encoded.type, kind="stable")
    encoded = lessons.encoded
    rows = lessons.bought[order], lessons.weight[order], lessons.offset[order]
    features, own = encoded.features[order], encoded.own[order]
    price, kind = encoded.price[order, None], encoded.type[order]
    ones = np.ones((len(order), 1))
    common = np.concatenate([ones, price, features, price * features, own], axis=1)
    each = np.concatenate([ones, price, features], axis=1)
    ends = np.searchsorted(kind, np.arange(types + 1))
    width, more = features.shape[1], own.shape[1]
    groups = _Groups(
        np.repeat([0, 1, 2, 3, 4], [1, 1, width, width, more]), np.repeat([5, 6, 7], [1, 1, width])
    )
    slices = [slice(a, b) for a, b in pairwise(ends.tolist())]
    fitted = _fit(common, each, slices, groups, rows)
    shared, deviating = fitted
    deviating = np.concatenate([deviating, np.zeros((1, each.shape[1]))])
    level = deviating[:, [0, *range(2, 2 + width)]] + shared[[0, *range(2, 2 + width)]]
    slope = np.tile(shared[[1, *range(2 + width, 2 + 2 * width)]], (types + 1, 1))
    slope[:, 0] += deviating[:, 1]
    return Regression(
        level=tuple(map(tuple, level.tolist())),
        slope=tuple(map(tuple, slope.tolist())),
        own=tuple(shared[2 + 2 * width :].tolist()),
    )


def _fit(
    common: Floats,
    each: Floats,
    slices: list[slice],
    groups: _Groups,
    rows: tuple[NDArray[np.bool_], Floats, Floats],
) -> tuple[Floats, Floats]:
    """The shared coefficients, `(c,)`, and how each type deviates, `(types, k)`."""
    bought, weight, offset = rows
    rate = (weight @ bought + 0.5) / (weight.sum() + 10)
    shared, own = np.zeros(common.shape[1]), np.zeros((len(slices), each.shape[1]))
    shared[0] = np.log(rate / (1 - rate))
    precision = np.array([_OPEN, 1.0, 10.0, 10.0, 2.0, 2.0, 10.0, 30.0])
    odds = common @ shared + offset
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-odds))
        curve = weight * chance * (1 - chance)
        pull = weight * (bought - chance)
        of_common, of_each = precision[groups.common], precision[groups.each]
        gradient = common.T @ pull - of_common * shared
        schur = (common * curve[:, None]).T @ common + np.diag(of_common)
        inverses, crosses, gradients = [], [], []
        for place, some in enumerate(slices):
            part = each[some]
            curved = part * curve[some, None]
            inverse = np.linalg.inv(curved.T @ part + np.diag(of_each))
            cross = common[some].T @ curved
            slope = part.T @ pull[some] - of_each * own[place]
            schur -= cross @ inverse @ cross.T
            gradient = gradient - cross @ (inverse @ slope)
            inverses.append(inverse)
            crosses.append(cross)
            gradients.append(slope)
        spread = np.linalg.inv(schur)
        step = spread @ gradient
        steps = [
            inverse @ (slope - cross.T @ step)
            for inverse, cross, slope in zip(inverses, crosses, gradients, strict=True)
        ]
        odds_step = common @ step
        for some, one in zip(slices, steps, strict=True):
            odds_step[some] += each[some] @ one
        largest = np.abs(odds_step).max(initial=0.0)
        # Far steps leave the region in which the curve is known.
        length = min(1.0, 3.0 / max(largest, _STILL))
        shared, odds = shared + length * step, odds + length * odds_step
        own = own + length * np.array(steps).reshape(own.shape)
        variance = np.zeros(len(precision))
        np.add.at(variance, groups.common, np.diag(spread))
        for inverse, cross in zip(inverses, crosses, strict=True):
            bent = inverse @ cross.T
            np.add.at(
                variance, groups.each, np.diag(inverse) + ((bent @ spread) * bent).sum(axis=1)
            )
        squares = np.zeros(len(precision))
        np.add.at(squares, groups.common, shared**2)
        np.add.at(squares, np.tile(groups.each, len(slices)), own.ravel() ** 2)
        count = np.bincount(groups.common, minlength=len(precision)) + len(slices) * np.bincount(
            groups.each, minlength=len(precision)
        )
        # As many coefficients as the data determine, over how large these are.
        known = np.maximum(count - precision * variance, 0.0)
        found = (known + 0.1) / (squares + 0.1 / np.maximum(precision, 1.0))
        precision[1:] = np.clip(found, _LEAST, _MOST)[1:]
        if length == 1.0 and largest < _STILL:
            break
    return shared, own
