"""How far what buyers will bring may lie from what is expected of them.

Buyers are drawn anew from what is known of each of them, with parameters that are themselves drawn
from how sure they are: whether a buyer is still there, at what rate they buy, after which purchase
they leave, and what they spend. The draws hold both what is not known and what chance will do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.growth.loaded.frames import summed
from valuebox.compartments.growth.value.bgnbd import BgNbd, fitted_by
from valuebox.compartments.growth.value.gamma_gamma import GammaGamma, spending_fitted_by
from valuebox.compartments.growth.value.purchases import Purchases
from valuebox.statistics.arrays import Codes, Floats
from valuebox.statistics.rates import LEVEL, Interval

_DRAWS: Final = 400
_MOST: Final = 20_000
"""Buyers who are drawn; of more, this many by chance, and their groups are scaled up."""
_STEP: Final = 4.0
"""Weeks over which what is spent is discounted alike."""
_MOST_STEPS: Final = 26
_YEAR: Final = 365.2425 / 7
_NEVER: Final = 1e-12
"""Probability of leaving below which nobody does: the geometric distribution has an end."""

Draws = NDArray[np.float64]


@dataclass(frozen=True)
class Horizon:
    """The weeks that are looked ahead, in steps that are discounted alike."""

    weeks: float
    discount: float
    """For each year: what comes in a year is worth 1 / (1 + discount) of itself now."""

    @property
    def ends(self) -> Floats:
        """End of each step, in weeks from now; a single one where nothing is discounted."""
        steps = np.ceil(self.weeks / _STEP) if self.discount else 1
        return np.linspace(0, self.weeks, int(min(steps, _MOST_STEPS)) + 1)[1:]

    @property
    def worth(self) -> Floats:
        """What 1 in the middle of each step is worth now."""
        width = self.weeks / len(self.ends)
        found: Floats = (1 + self.discount) ** (-(self.ends - width / 2) / _YEAR)
        return found


@dataclass(frozen=True)
class Scatter:
    """Intervals of what comes, 90 of 100 of which hold it."""

    groups: list[Interval | None]
    """Interval of the sum of each group; None where none of its customers was drawn."""
    everybody: Interval
    customers: dict[int, Interval]
    """Interval of each buyer that was asked for, by position in `Customers`."""


def scatter(
    buying: BgNbd,
    spending: GammaGamma | None,
    mean: float,
    known: Purchases,
    expected: Floats,
    group: Codes,
    n_groups: int,
    listed: Codes,
    horizon: Horizon,
    seed: int = 0,
) -> Scatter:
    """Draw what buyers will bring, again and again.

    Args:
        buying: How they buy.
        spending: What they spend; None where everybody spends the mean, which then does not vary.
        mean: Mean amount of a day with a purchase.
        known: What is known of them.
        expected: What is expected of each, `(n_buyers,)`; sums of those who are drawn are scaled
            to those of all.
        group: The group of each.
        n_groups: How many groups there are.
        listed: Buyers whose own intervals are asked for.
        horizon: How far ahead.
        seed: Of all that is drawn.
    """
    rng = np.random.default_rng(seed)
    chosen = np.arange(len(known))
    if len(known) > _MOST:
        chosen = np.union1d(rng.choice(len(known), _MOST, replace=False), listed)
    those = known.where(chosen)
    place = np.searchsorted(chosen, listed)
    sums, own = [], []
    for values in _draws(buying, spending, mean, known, those, horizon, rng):
        sums.append(np.append(summed(group[chosen], values, n_groups), values.sum()))
        own.append(values[place])
    inside, whole = (
        np.append(summed(group[rows], expected[rows], n_groups), expected[rows].sum())
        for rows in (chosen, np.arange(len(known)))
    )
    scale = np.divide(whole, inside, out=np.ones(n_groups + 1), where=inside > 0)
    *groups, everybody = _ends(np.array(sums) * scale)
    there = np.bincount(group[chosen], minlength=n_groups) > 0
    return Scatter(
        [one if is_there else None for one, is_there in zip(groups, there.tolist(), strict=True)],
        everybody,
        dict(zip(listed.tolist(), _ends(np.array(own)), strict=True)),
    )


def _ends(draws: Draws) -> list[Interval]:
    """Lower and upper end of the interval of each column."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0).reshape(2, -1)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _draws(
    buying: BgNbd,
    spending: GammaGamma | None,
    mean: float,
    known: Purchases,
    those: Purchases,
    horizon: Horizon,
    rng: np.random.Generator,
) -> Iterator[Floats]:
    """What each of `those` brings, one future after the other: `(n_those,)`."""
    buys = rng.multivariate_normal(*fitted_by(buying, known), _DRAWS, method="eigh")
    spends = None
    if spending is not None:
        spends = rng.multivariate_normal(
            *spending_fitted_by(spending, known), _DRAWS, method="eigh"
        )
    for at in range(_DRAWS):
        r, alpha, a, b = np.exp(buys[at]).tolist()
        counts = _counts(BgNbd(r=r, alpha=alpha, a=a, b=b), those, horizon, rng)
        if spends is None:
            yield horizon.worth @ counts * mean
        else:
            p, q, v = np.exp(spends[at]).tolist()
            amounts = _amounts(GammaGamma(p=p, q=q, v=v), those, counts, rng)
            yield horizon.worth @ amounts


def _counts(model: BgNbd, those: Purchases, horizon: Horizon, rng: np.random.Generator) -> Floats:
    """Days with a purchase in each step: `(n_steps, n_those)`.

    Of somebody who is there the rate is gamma distributed with r + x and alpha + T, and the
    probability of leaving beta with a and b + x, since they have stayed after every purchase.
    """
    x, n = those.repeats, len(those)
    there = rng.random(n) < model.alive(those)
    rate = rng.standard_gamma(model.r + x) / (model.alpha + those.observed)
    leaves = np.maximum(rng.beta(model.a, model.b + x), _NEVER)
    until_left = np.where(there, rng.geometric(leaves), 0)
    ends = horizon.ends
    bought = rng.poisson(np.outer(np.diff(ends, prepend=0.0), rate))
    total = np.minimum(np.cumsum(bought, axis=0), until_left)
    return np.diff(total, axis=0, prepend=0).astype(np.float64)


def _amounts(
    model: GammaGamma, those: Purchases, counts: Floats, rng: np.random.Generator
) -> Floats:
    """What is spent in each step, in the shape of `counts`.

    The scale of a buyer's amounts is gamma distributed with q + p x and v + x times their mean.
    """
    x = those.repeats
    scale = np.maximum(model.v + x * those.spent, model.v * _NEVER)
    own = rng.standard_gamma(model.q + model.p * x) / scale
    found: Floats = rng.standard_gamma(model.p * counts) / np.maximum(own, np.finfo(float).tiny)
    return found
