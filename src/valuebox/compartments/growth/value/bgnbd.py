"""How often customers without a contract will buy: the BG/NBD model.

Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way. While alive a customer buys at
a rate of their own, gamma distributed with shape r and rate alpha; after every purchase they may
leave for good, with a probability of their own, beta distributed with a and b.
"""

from typing import Final

import numpy as np
import scipy
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.value.purchases import Purchases
from valuebox.statistics.arrays import Floats
from valuebox.statistics.laplace import covariance

MOST: Final = 50_000
"""Customers that are learned from, drawn by chance where there are more."""
_FEW: Final = 20
"""Buyers with a repeat below which a warning says so."""
_STARTS: Final = ((1.0, 5.0, 1.0, 2.0), (0.25, 10.0, 0.5, 2.5), (2.0, 2.0, 1.0, 10.0))
# Outside of this the four numbers mean the same as at its edge, where the model becomes a simpler
# one, such as one in which nobody leaves.
_BOUNDS: Final = (-9.0, 9.0)
_AT_EDGE: Final = (
    ("r", "hardly anybody comes back", "buyers hardly differ in how often they buy"),
    ("alpha", "some buyers come back at once", "buyers hardly differ in how often they buy"),
    ("a", "nobody is seen to leave for good", "buyers hardly differ in how likely they leave"),
    ("b", "nearly everybody leaves at once", "buyers hardly leave, or hardly differ in it"),
)
"""What the data say where a parameter is as small, or as large, as may be; by parameter."""
_NEAR: Final = 0.05
"""How near to a bound, in logarithms, a parameter lies at it."""
_ONE: Final = 1e-6
"""How near to 1 the formula's a may come, which divides by a - 1."""


class NoFit(ValueError):
    """A model cannot be learned: too little is known, or what is known does not fit it."""


class BgNbd(BaseModel):
    """The four parameters of a BG/NBD model; the unit of time is the week."""

    model_config = ConfigDict(frozen=True)

    r: float = Field(gt=0, description="Shape of the gamma distribution of buying rates.")
    alpha: float = Field(
        gt=0, description="Rate of the gamma distribution of buying rates, in weeks."
    )
    a: float = Field(
        gt=0,
        description="First parameter of the beta distribution of leaving: the higher, the more "
        "leave.",
    )
    b: float = Field(
        gt=0,
        description="Second parameter of the beta distribution of leaving: the higher, the more "
        "stay.",
    )
    warnings: list[str] = Field(
        default=[],
        description="What the data do not tell: parameters that lie at the edge of what is tried.",
    )

    def alive(self, known: Purchases) -> Floats:
        """Probability that each buyer will ever buy again, `(n_buyers,)`.

        Whoever bought but once is alive: a customer can only leave after a repeat purchase.
        """
        return 1 / (1 + self._left(known))

    def expected(self, known: Purchases, weeks: float) -> Floats:
        """Purchases that each buyer is expected to make in the next weeks, `(n_buyers,)`.

        Eq. 10 of the paper, with Euler's transformation of the hypergeometric function, which
        neither overflows nor cancels however many purchases there are.
        """
        from scipy.special import hyp2f1

        a = self.a if abs(self.a - 1) > _ONE else 1 + _ONE
        x = known.repeats
        z = weeks / (self.alpha + known.observed + weeks)
        c = a + self.b + x - 1
        with np.errstate(over="ignore", invalid="ignore"):
            grown = (1 - z) ** (a - 1) * hyp2f1(a + self.b - 1 - self.r, a - 1, c, z)
            # Where customers hardly differ in leaving, a is so large that this overflows.
            plain = (1 - z) ** (self.r + x) * hyp2f1(self.r + x, self.b + x, c, z)
        grown = np.where(np.isfinite(grown), grown, plain)
        here: Floats = (a + self.b + x - 1) / (a - 1) * (1 - grown) * self.alive(known)
        return here

    def _left(self, known: Purchases) -> Floats:
        """Odds of having left."""
        x = known.repeats
        again = x > 0
        odds = np.zeros(len(x))
        waited = (self.alpha + known.observed[again]) / (self.alpha + known.last[again])
        odds[again] = self.a / (self.b + x[again] - 1) * waited ** (self.r + x[again])
        return odds


def fit_bgnbd(known: Purchases, seed: int = 0) -> BgNbd:
    """Fit the most likely parameters.

    Args:
        known: Of buyers, at least one of whom came back.
        seed: Of the draw, where there are more than `MOST` buyers.

    Raises:
        NoFit: when nobody came back, or nothing is likely.
    """
    if not (known.repeats > 0).any():
        raise NoFit("nobody has bought on a second day")
    (x, last, observed), weight = _learned_from(known, seed)
    found = [
        scipy.optimize.minimize(
            _loss, np.log(start), (x, last, observed, weight), "L-BFGS-B",
            jac=True, bounds=[_BOUNDS] * 4,
        )
        for start in _STARTS
    ]  # fmt: skip
    best = min(found, key=lambda one: float(one.fun))
    if not np.isfinite(best.fun):
        raise NoFit("the purchases do not tell buying rates from leaving")
    r, alpha, a, b = np.exp(best.x).tolist()
    return BgNbd(r=r, alpha=alpha, a=a, b=b, warnings=_warnings(best.x, known))


def _warnings(logs: Floats, known: Purchases) -> list[str]:
    found = []
    if (again := int((known.repeats > 0).sum())) < _FEW:
        found.append(f"only {again} buyers have bought on a second day")
    for value, (name, small, large) in zip(logs.tolist(), _AT_EDGE, strict=True):
        if np.isclose(abs(value), _BOUNDS[1], atol=_NEAR):
            found.append(f"{name} lies at the edge: {small if value < 0 else large}")
    return found


def fitted_by(model: BgNbd, known: Purchases, seed: int = 0) -> tuple[Floats, Floats]:
    """Logarithms of the parameters, and their covariance.

    Args:
        model: As it was fitted to these buyers.
        known: Of buyers.
        seed: Of the draw, as in the fit.
    """
    (x, last, observed), weight = _learned_from(known, seed)
    logs = np.log([model.r, model.alpha, model.a, model.b])
    return logs, covariance(
        lambda at: _loss(at, x, last, observed, weight)[1], logs, float(weight.sum())
    )


def _learned_from(known: Purchases, seed: int) -> tuple[Floats, Floats]:
    chosen = np.arange(len(known))
    if len(known) > MOST:
        chosen = np.random.default_rng(seed).choice(len(known), MOST, replace=False)
    # Many have bought once and are known for as long.
    return _distinct(np.column_stack([known.repeats, known.last, known.observed])[chosen])


def _distinct(facts: Floats) -> tuple[Floats, Floats]:
    rows, counts = np.unique(facts, axis=0, return_counts=True)
    return rows.T, counts.astype(np.float64)


def _loss(
    logs: Floats, x: Floats, last: Floats, observed: Floats, weight: Floats
) -> tuple[float, Floats]:
    """Mean negative log-likelihood (eq. 6 of the paper), and its gradient by the logarithms."""
    from scipy.special import betaln, digamma, gammaln

    r, alpha, a, b = np.exp(logs)
    again = x > 0
    # Both ways to get here: still there, or gone after the last purchase.
    stayed = betaln(a, b + x) - (r + x) * np.log(alpha + observed)
    with np.errstate(divide="ignore"):
        before = np.where(again, b + x - 1, 1.0)
        left = np.where(again, betaln(a + 1, before) - (r + x) * np.log(alpha + last), -np.inf)
    both = np.logaddexp(stayed, left)
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    total = weight.sum()
    loss = -float(weight @ (common + both)) / total

    is_left = np.exp(left - both)
    is_here = 1 - is_left
    by_r = (
        digamma(r + x) - digamma(r) + np.log(alpha)
        - is_here * np.log(alpha + observed) - is_left * np.log(alpha + last)
    )  # fmt: skip
    by_alpha = r / alpha - (r + x) * (is_here / (alpha + observed) + is_left / (alpha + last))
    ab = digamma(a + b)
    abx = digamma(a + b + x)
    by_a = is_here * (digamma(a) - abx) + is_left * (digamma(a + 1) - abx) - (digamma(a) - ab)
    by_b = is_here * (digamma(b + x) - abx) + is_left * (digamma(before) - abx) - (digamma(b) - ab)
    gradient = np.array([weight @ one for one in (by_r, by_alpha, by_a, by_b)])
    return loss, -gradient / total * np.exp(logs)
