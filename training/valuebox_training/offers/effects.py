"""Learn what a bought offer does to other purchases of the week.

Who buys an offer also buys more elsewhere: buyers cannot be compared with others. But buyers
of one type can be compared with buyers of others: how effects differ by type is learned, and what
all types may have in common is left out. What the draw of the offers tells of that, without any
doubt, has so much noise that players are served worse with it than without.

Effects are shrunk by as much as the evidence asks for, where players and not decisions are
independent.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.later import Effects
from valuebox.statistics.arrays import Floats

_APART: Final = (0.3, 0.2, 0.2)
"""How far the effect of a type may be from 0: in currency, as a share of the price, and as one of a
usual week."""
_SELECTED: Final = 3.0
"""How far buyers may be from others, which is no effect, as a multiple of these."""
_SCALES: Final = (0.0, 0.25, 0.5, 1.0, 2.0)
"""Multiples of the priors that are weighed by the evidence for each."""
_CUT: Final = 0.98
"""Share of weeks that are taken as they are; larger ones, beside the usual, are cut."""
_TERMS: Final = len(_APART)


class Weeks(NamedTuple):
    """What players spent besides, by decision, `(n,)` each."""

    customer: NDArray[np.int64]
    """Code of the player, from 0."""
    rest: Floats
    """Other purchases as far as observed."""
    share: Floats
    """Share of the week that was observed."""
    usual: Floats
    """What the player spends on other things in a usual week."""
    weight: Floats
    bought: NDArray[np.bool_]
    """Whether the offer was."""


def fit_effects(weeks: Weeks, kind: NDArray[np.intp], price: Floats, types: int) -> Effects:
    """Effects of a purchase, for each type, and for types that are not known.

    Args:
        weeks: What was spent besides.
        kind: Place of the type that was shown, `(n,)`, one past the end for others.
        price: Price of the offer that was shown, `(n,)`.
        types: How many types are known.
    """
    spread = weeks.usual + max(float(weeks.usual.mean()), 0.01) / 2
    # Of a week that is observed in part there is less to see, and less noise.
    precise = np.sqrt(weeks.weight / np.maximum(weeks.share, 1e-3)) / spread
    left = _cut(weeks.rest / spread, weeks.share) * spread - weeks.share * weeks.usual
    # Whoever bought nothing tells nothing of what a purchase does.
    buyers = np.flatnonzero(weeks.bought)
    terms = np.stack([np.ones(len(buyers)), price[buyers], weeks.usual[buyers]], axis=1)
    of_buyers = terms * (weeks.share * precise)[buyers, None]
    apart = [of_buyers * (kind[buyers] == place)[:, None] for place in range(types)]
    design = np.concatenate([of_buyers, *apart], axis=1)
    prior = np.concatenate([np.array(_APART) * _SELECTED, np.tile(_APART, types)])
    fixed = np.arange(len(prior)) < _TERMS
    pulled, whose = (left * precise)[buyers], weeks.customer[buyers]
    found = _shrunk(design, pulled, whose, prior, fixed)[_TERMS:]
    each = [*found.reshape(types, _TERMS).tolist(), (0.0,) * _TERMS]
    return Effects(each=tuple((a, b, c) for a, b, c in each))


def _cut(relative: Floats, share: Floats) -> Floats:
    whole = share >= 1.0
    if not whole.any():
        return relative
    most = float(np.quantile(relative[whole], _CUT))
    return np.minimum(relative, most) if most > 0 else relative


def _shrunk(
    design: Floats,
    left: Floats,
    customer: NDArray[np.int64],
    prior: Floats,
    fixed: NDArray[np.bool_],
) -> Floats:
    """The mean of what priors of several widths give, by the evidence for each, `(k,)`.

    Args:
        design: `(n, k)`.
        left: What is to be explained, `(n,)`.
        customer: Code of the player of each row.
        prior: How far coefficients may be from 0.
        fixed: Whose priors have one width.
    """
    gram, pull = design.T @ design, design.T @ left
    scores = np.zeros((int(customer.max(initial=0)) + 1, len(prior)))
    by_row = design * left[:, None]
    for column in range(len(prior)):
        scores[:, column] = np.bincount(customer, by_row[:, column], minlength=len(scores))
    scaled = prior**2
    # Noise of a row such that players, and not rows, are independent.
    noise = float((scores**2).sum(axis=0) @ scaled) / max(float(np.diag(gram) @ scaled), 1e-9)
    gram, pull = gram / max(noise, 1e-9), pull / max(noise, 1e-9)
    found, evidence = [], []
    for scale in _SCALES:
        wide = np.where(fixed, prior, scale * prior)
        inner = np.eye(len(prior)) + wide[:, None] * gram * wide
        inside = np.linalg.solve(inner, wide * pull)
        found.append(wide * inside)
        evidence.append(0.5 * (wide * pull) @ inside - 0.5 * np.linalg.slogdet(inner)[1])
    weight = np.exp(np.array(evidence) - max(evidence))
    mean: Floats = (weight / weight.sum()) @ np.array(found)
    return mean
