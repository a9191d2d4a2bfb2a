"""How much customers spend when they buy: the Gamma-Gamma model.

Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value. Amounts of a customer are gamma
distributed with shape p around a mean of their own, and these means vary with q and v. It takes
buying often and spending much to have nothing to do with each other.
"""

from typing import Final

import numpy as np
import scipy
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.value.bgnbd import MOST, NoFit
from valuebox.compartments.growth.value.purchases import Purchases
from valuebox.statistics.arrays import Floats
from valuebox.statistics.laplace import covariance

_FEWEST: Final = 10
_STARTS: Final = ((1.0, 4.0, 1.0), (5.0, 3.0, 10.0))
_BOUNDS: Final = (-9.0, 12.0)


class GammaGamma(BaseModel):
    """The three parameters of a Gamma-Gamma model."""

    model_config = ConfigDict(frozen=True)

    p: float = Field(
        gt=0, description="Shape of the gamma distribution of the amounts of a customer."
    )
    q: float = Field(gt=0, description="Shape of the gamma distribution of how customers differ.")
    v: float = Field(
        gt=0, description="Scale of how customers differ, in the currency of the amounts."
    )

    def expected(self, known: Purchases) -> Floats:
        """Mean amount that each buyer is expected to spend at a time, `(n_buyers,)`.

        Eq. 5 of the note: between the customer's own mean and everybody's, nearer to the own one
        the more often they bought. NaN for customers without a repeat where everybody's mean is
        not finite (q of 1 or less).
        """
        x, own = known.repeats, known.spent
        below = self.p * x + self.q - 1
        mean: Floats = np.divide(
            self.p * (self.v + x * own), below, out=np.full(len(x), np.nan), where=below > 0
        )
        return mean


def fit_gamma_gamma(known: Purchases, seed: int = 0) -> GammaGamma:
    """Fit the most likely parameters.

    Args:
        known: Of buyers; learned from are those with a repeat that brought something.
        seed: Of the draw, where there are more than `MOST` of them.

    Raises:
        NoFit: when they are fewer than 10, or no parameters are the most likely ones.
    """
    x, spent = _learned_from(known, seed)
    if len(x) < _FEWEST:
        raise NoFit(f"fewer than {_FEWEST} customers have spent anything on a second day")
    # In units of the mean the starts fit any currency.
    unit = float(spent.mean())
    found = [
        scipy.optimize.minimize(
            _loss, np.log(start), (x, spent / unit), "L-BFGS-B", jac=True, bounds=[_BOUNDS] * 3
        )
        for start in _STARTS
    ]
    best = min(found, key=lambda one: float(one.fun))
    if not np.isfinite(best.fun) or np.isclose(best.x, _BOUNDS[1]).any():
        raise NoFit("the amounts of repeat purchases fit no Gamma-Gamma model")
    p, q, v = np.exp(best.x).tolist()
    return GammaGamma(p=p, q=q, v=v * unit)


def spending_fitted_by(model: GammaGamma, known: Purchases, seed: int = 0) -> tuple[Floats, Floats]:
    """Logarithms of the parameters, and their covariance.

    Args:
        model: As it was fitted to these buyers.
        known: Of buyers.
        seed: Of the draw, as in the fit.
    """
    x, spent = _learned_from(known, seed)
    logs = np.log([model.p, model.q, model.v])
    return logs, covariance(lambda at: _loss(at, x, spent)[1], logs, len(x))


def _learned_from(known: Purchases, seed: int) -> tuple[Floats, Floats]:
    usable = np.flatnonzero((known.repeats > 0) & (known.spent > 0))
    if len(usable) > MOST:
        usable = np.random.default_rng(seed).choice(usable, MOST, replace=False)
    return known.repeats[usable], known.spent[usable]


def _loss(logs: Floats, x: Floats, spent: Floats) -> tuple[float, Floats]:
    """Mean negative log-likelihood (eq. 1a of the note), and its gradient by the logarithms."""
    from scipy.special import digamma, gammaln

    p, q, v = np.exp(logs)
    px = p * x
    both = v + x * spent
    each = (
        gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v)
        + (px - 1) * np.log(spent) + px * np.log(x) - (px + q) * np.log(both)
    )  # fmt: skip
    joined = digamma(px + q)
    by_p = x * (joined - digamma(px) + np.log(spent) + np.log(x) - np.log(both))
    by_q = joined - digamma(q) + np.log(v) - np.log(both)
    by_v = q / v - (px + q) / both
    gradient = np.array([by_p.mean(), by_q.mean(), by_v.mean()])
    return -float(each.mean()), -gradient * np.exp(logs)
