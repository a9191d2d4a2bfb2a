"""How long subscribers stay: the shifted beta-geometric model.

Fader and Hardie (2007), How to Project Customer Retention. At the end of every period a subscriber
cancels with a probability of their own, beta distributed with a and b. Those who cancel easily are
gone first, so that whoever stays is the likelier to stay on the longer they have been there.
"""

from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.value.bgnbd import NoFit
from valuebox.statistics.arrays import Floats

_STARTS: Final = ((1.0, 1.0), (1.0, 10.0), (0.5, 2.0))
# Where all cancel alike both numbers grow without an end, and only their ratio counts.
_BOUNDS: Final = (-9.0, 9.0)


class ShiftedBetaGeometric(BaseModel):
    """The two parameters of the model; the unit of time is the period of renewal."""

    model_config = ConfigDict(frozen=True)

    a: float = Field(
        gt=0,
        description="First parameter of the beta distribution of cancelling: the higher, the more "
        "cancel.",
    )
    b: float = Field(
        gt=0,
        description="Second parameter of the beta distribution of cancelling: the higher, the more "
        "stay.",
    )

    def survival(self, periods: Floats) -> Floats:
        """Share that is still there after so many whole periods, in the shape of `periods`."""
        from scipy.special import betaln

        found: Floats = np.exp(betaln(self.a, self.b + periods) - betaln(self.a, self.b))
        return found

    def leaving(self, periods: Floats) -> Floats:
        """Probability that a subscriber of so many whole periods cancels within the next one."""
        found: Floats = self.a / (self.a + self.b + periods)
        return found


def fit_sbg(periods: NDArray[np.int64], cancelled: NDArray[np.bool_]) -> ShiftedBetaGeometric:
    """Fit the most likely parameters.

    Args:
        periods: Whole periods that each subscriber has completed, `(n_subscribers,)`.
        cancelled: Whether each cancelled within the period after those.

    Raises:
        NoFit: when nobody cancelled, or nobody stayed.
    """
    if not cancelled.any():
        raise NoFit("nobody has cancelled")
    if not (periods > 0).any():
        raise NoFit("nobody has stayed for a whole period")
    gone = np.bincount(periods[cancelled]).astype(np.float64)
    here = np.bincount(periods[~cancelled]).astype(np.float64)
    found = [
        scipy.optimize.minimize(
            _loss, np.log(start), (gone, here), "L-BFGS-B", jac=True, bounds=[_BOUNDS] * 2
        )
        for start in _STARTS
    ]
    best = min(found, key=lambda one: float(one.fun))
    a, b = np.exp(best.x).tolist()
    return ShiftedBetaGeometric(a=a, b=b)


def _loss(logs: Floats, gone: Floats, here: Floats) -> tuple[float, Floats]:
    """Mean negative log-likelihood (eq. 5 and 6 of the paper), and its gradient by logarithms."""
    from scipy.special import betaln, digamma

    a, b = np.exp(logs)
    left, stayed = np.arange(len(gone)), np.arange(len(here))
    total = gone.sum() + here.sum()
    each_gone = betaln(a + 1, b + left) - betaln(a, b)
    each_here = betaln(a, b + stayed) - betaln(a, b)
    both = digamma(a + b)
    after, still = digamma(a + b + left + 1), digamma(a + b + stayed)
    by_a = gone @ (digamma(a + 1) - after - digamma(a) + both) + here @ (both - still)
    by_b = gone @ (digamma(b + left) - after - digamma(b) + both) + here @ (
        digamma(b + stayed) - still - digamma(b) + both
    )
    gradient = np.array([by_a, by_b]) * np.exp(logs)
    return -float(gone @ each_gone + here @ each_here) / total, -gradient / total
