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

_KNOTS: Final = (0.2, 0.4, 0.6, 0.8)
_AT_ONCE: Final = 10_000
"""Rows of which there are numbers of full width at a time."""
_STEPS: Final = 10
_STILL: Final = 0.02
_FAR: Final = 3.0
_LEAST, _MOST = 0.3, 1e4
"""Bounds of the precisions of priors."""
_FIRST: Final = (1e-3, 1.0, 10.0, 2.0, 10.0, 2.0, 2.0, 10.0, 30.0)
"""Precisions of the priors to begin with: of the common level, which is open, of the price, of
features, of bends, of features times the price, of further columns, and of what each type deviates
by."""
_PULLED: Final = 0.1
"""Coefficients that stand for the first precisions."""


class Fitted(NamedTuple):
    """A regression as it is fitted: what is shared, and how each type deviates."""

    shared: Floats
    """`(c,)`: an intercept, of the price, of features, of bends of the price, of features times the
    price, of the rest."""
    deviating: Floats
    """`(types, k)`: an intercept, of the price, of features."""
    precision: Floats
    """Of the prior of each kind of coefficient."""
    knots: tuple[float, ...]

    def regression(self) -> Regression:
        """The regression, also for types that are not known."""
        width = self.deviating.shape[1] - 2
        own = np.concatenate([self.deviating, np.zeros((1, width + 2))])
        places = [0, *range(2, 2 + width)]
        level = own[:, places] + self.shared[places]
        bends = 2 + width + len(self.knots)
        steep = self.shared[[1, *range(bends, bends + width)]]
        slope = np.tile(steep, (len(own), 1))
        slope[:, 0] += own[:, 1]
        return Regression(
            level=tuple(map(tuple, level.tolist())),
            slope=tuple(map(tuple, slope.tolist())),
            knots=self.knots,
            bends=tuple(self.shared[2 + width : bends].tolist()),
            own=tuple(self.shared[bends + width :].tolist()),
        )


class Design:
    """What regressions of the same offers look at, sorted by type, made once."""

    def __init__(self, encoded: Encoded, types: int):
        self.order = np.argsort(encoded.type, kind="stable")
        kind = encoded.type[self.order]
        self.knots = _knots(encoded.price)
        width, more = encoded.features.shape[1], encoded.own.shape[1]
        sizes = [1, 1, width, len(self.knots), width, more]
        # Half as wide numbers take half the time; the sums of the steps are not as exact as that.
        self.common = np.empty((len(kind), sum(sizes)), dtype=np.float32)
        for first in range(0, len(kind), _AT_ONCE):
            rows = self.order[first : first + _AT_ONCE]
            price, features = encoded.price[rows, None], encoded.features[rows]
            bent = np.maximum(price - np.array(self.knots), 0.0)
            parts = [np.ones_like(price), price, features, bent, price * features]
            self.common[first : first + len(rows)] = np.hstack([*parts, encoded.own[rows]])
        self.each = self.common[:, : 2 + width]
        ends = np.searchsorted(kind, np.arange(types + 1))
        self.slices = [slice(a, b) for a, b in pairwise(ends.tolist())]
        self.groups = np.repeat(np.arange(6), sizes)
        # Which features types differ by is learned of each feature.
        self.own_groups = np.concatenate([[6, 7], 8 + np.arange(width)])
        self.first = np.array([*_FIRST[:-1], *[_FIRST[-1]] * width])

    def times(self, shared: Floats, deviating: Floats) -> Floats:
        """What coefficients make of each row, `(n,)`."""
        found = self.common @ shared.astype(np.float32)
        for some, one in zip(self.slices, deviating, strict=True):
            found[some] += self.each[some] @ one.astype(np.float32)
        return np.asarray(found, dtype=np.float64)

    def start(self, rate: float) -> Fitted:
        """Where nothing is known but how often offers are bought."""
        shared = np.zeros(self.common.shape[1])
        shared[0] = np.log(rate / (1 - rate))
        own = np.zeros((len(self.slices), self.each.shape[1]))
        return Fitted(shared, own, self.first, self.knots)


def _knots(price: Floats) -> tuple[float, ...]:
    """Prices between which there are as many offers, where there are several prices."""
    found = np.unique(np.quantile(price, _KNOTS)) if len(price) else np.zeros(0)
    return tuple(found[(found > price.min()) & (found < price.max())].tolist())


def fit(
    design: Design,
    bought: NDArray[np.bool_],
    weight: Floats,
    offset: Floats,
    start: Fitted | None = None,
) -> Fitted:
    """Fit by the largest posterior.

    Args:
        design: The offers that were shown, one of each decision.
        bought: Whether each was bought, `(n,)`.
        weight: How much each counts, `(n,)`.
        offset: Log-odds that each lacks since its purchase may not be known yet, `(n,)`.
        start: What was fitted to much the same, from which it is not far.
    """
    did, weight, offset = bought[design.order], weight[design.order], offset[design.order]
    rate = float((weight @ did + 0.5) / (weight.sum() + 10))
    now = start or design.start(rate)
    odds = design.times(now.shared, now.deviating) + offset
    for _ in range(_STEPS):
        now, moved = _step(design, now, weight * did, weight, odds)
        odds = odds + moved
        if np.abs(moved).max(initial=0.0) < _STILL:
            break
    return now


def _step(
    design: Design, now: Fitted, pulled: Floats, weight: Floats, odds: Floats
) -> tuple[Fitted, Floats]:
    """A step of Newton's method, and one of the priors; also what it adds to the log-odds."""
    chance = 1 / (1 + np.exp(-odds))
    curve = (weight * chance * (1 - chance)).astype(np.float32)
    pull = (pulled - weight * chance).astype(np.float32)
    of_common, of_each = now.precision[design.groups], now.precision[design.own_groups]
    gradient = design.common.T @ pull - of_common * now.shared
    curved = design.common * curve[:, None]
    schur = (curved.T @ design.common).astype(np.float64) + np.diag(of_common)
    width = design.each.shape[1]
    inverses, crosses, slopes = [], [], []
    for some, own in zip(design.slices, now.deviating, strict=True):
        cross = (design.common[some].T @ curved[some, :width]).astype(np.float64)
        # What a type deviates by is of columns that all share: its part of the cross is its own.
        inverse = np.linalg.inv(cross[:width] + np.diag(of_each))
        slope = design.each[some].T @ pull[some] - of_each * own
        schur -= cross @ inverse @ cross.T
        gradient = gradient - cross @ (inverse @ slope)
        inverses.append(inverse)
        crosses.append(cross)
        slopes.append(slope)
    spread = np.linalg.inv(schur)
    step = spread @ gradient
    all_of = zip(inverses, crosses, slopes, strict=True)
    steps = np.array([inverse @ (slope - cross.T @ step) for inverse, cross, slope in all_of])
    moved = design.times(step, steps)
    # Far steps leave the region in which the curve is known.
    length = min(1.0, _FAR / max(float(np.abs(moved).max(initial=0.0)), _STILL))
    shared = now.shared + length * step
    own = now.deviating + length * steps.reshape(now.deviating.shape)
    bends = [inverse @ cross.T for inverse, cross in zip(inverses, crosses, strict=True)]
    spreads = [
        np.diag(inverse) + ((bend @ spread) * bend).sum(axis=1)
        for inverse, bend in zip(inverses, bends, strict=True)
    ]
    groups = np.concatenate([design.groups, np.tile(design.own_groups, len(steps))])
    variance = np.concatenate([np.diag(spread), *spreads])
    squares = np.concatenate([shared, own.ravel()]) ** 2
    count, variance, squares = (
        np.bincount(groups, one, minlength=len(design.first))
        for one in (np.ones(len(groups)), variance, squares)
    )
    # As many coefficients as the data determine, over how large these are.
    known = np.maximum(count - now.precision * variance, 0.0)
    precision = (known + _PULLED) / (squares + _PULLED / design.first)
    precision = np.append(_FIRST[0], np.clip(precision, _LEAST, _MOST)[1:])
    return Fitted(shared, own, precision, now.knots), length * moved
