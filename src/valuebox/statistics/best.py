"""Which of several means is the highest, and how likely that is."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from valuebox.statistics.arrays import Floats

_DRAWS: Final = 20_000
_GRID: Final = 200
_USUAL: Final = 0.25
"""How far groups usually lie apart, as a share of the mean of all."""
_ALIKE: Final = 0.25
"""Variance of groups' variances, as a share of the mean one's square."""
_LAST_BITS: Final = 1e-12


def best(groups: Sequence[Floats], scales: Sequence[float], seed: int = 0) -> list[float]:
    """Probability of each group that its true mean is the highest; they add up to 1.

    A hierarchical normal model: true means scatter around that of all groups by as much as the
    means that were seen say (Gelman and others, Bayesian Data Analysis, section 5.4), with a
    half-Cauchy prior of a quarter of the mean. So the luck of a small group is not taken for
    merit. Of a group whose own variance is hardly known, as with a heavy tail, that of all
    customers is taken.

    Args:
        groups: What customers of each brought, `(n_customers,)` each, at least two customers.
        scales: What a mean is multiplied by before it is compared.
        seed: Of what is drawn.
    """
    if not groups:
        return []
    rng = np.random.default_rng(seed)
    factors = np.asarray(scales, dtype=np.float64)
    means = np.array([one.mean() for one in groups]) * factors
    variances = _variances(groups) * factors**2
    drawn = _drawn(means, variances, rng)
    # Groups of the same worth, such as those that brought nothing, lead together.
    leads = drawn >= drawn.max(axis=0) - _LAST_BITS * np.abs(drawn).max()
    shared: Floats = (leads / leads.sum(axis=0)).mean(axis=1)
    return [float(one) for one in shared]


def _variances(groups: Sequence[Floats]) -> Floats:
    """Variance of the group means, `(n_groups,)`: each group's own, as far as that is known."""
    sizes = np.array([len(one) for one in groups], dtype=np.float64)
    own = np.array([one.var() for one in groups])
    fourth = sum(float(((one - one.mean()) ** 4).sum()) for one in groups)
    pooled = float((own * sizes).sum() / sizes.sum())
    if pooled <= _LAST_BITS**2 * max(float((one**2).max()) for one in groups):
        return np.zeros(len(groups))
    kurtosis = fourth / sizes.sum() / pooled**2
    known = _ALIKE / (_ALIKE + kurtosis / sizes)
    found: Floats = (known * own + (1 - known) * pooled) / sizes
    return found


def _drawn(means: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
    """True means that the groups may have, `(n_groups, _DRAWS)`."""
    if not variances.any():
        return np.repeat(means[:, None], _DRAWS, axis=1)
    usual = _USUAL * abs(float(means.mean())) or float(means.std())
    # Middles of as many equally likely parts of the prior.
    apart = usual * np.tan(np.pi / 2 * (np.arange(_GRID) + 0.5) / _GRID)
    spread = apart[:, None] ** 2 + variances
    weights = 1 / spread
    middle = (weights * means).sum(axis=1) / weights.sum(axis=1)
    off = (weights * (means - middle[:, None]) ** 2).sum(axis=1)
    likely = -(np.log(spread).sum(axis=1) + np.log(weights.sum(axis=1)) + off) / 2
    chances = np.exp(likely - likely.max())
    chosen = rng.choice(_GRID, _DRAWS, p=chances / chances.sum())
    centre = middle[chosen] + rng.standard_normal(_DRAWS) / np.sqrt(weights.sum(axis=1)[chosen])
    shrunk = apart[chosen] ** 2 / spread[chosen].T
    noise = rng.standard_normal((len(means), _DRAWS)) * np.sqrt(shrunk * variances[:, None])
    found: Floats = centre + shrunk * (means[:, None] - centre) + noise
    return found
