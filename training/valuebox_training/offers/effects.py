"""Learn what a bought offer does to other purchases of the week.

Who buys an offer also buys more elsewhere, so that buyers cannot be compared with others: by how
much, all types together, is told by the draw. Which offer was shown was drawn, with known
propensities: what other purchases have to do with the chance that the drawn offer would be bought,
beyond what the average over the draw gives, is the effect (Robinson, Root-N-consistent
semiparametric regression, Econometrica 56, 1988). How the effects of types differ is told by
buyers of one type beside buyers of others. Both are shrunk by as much as the evidence asks for,
where players and not decisions are independent.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.later import Effects
from valuebox.statistics.arrays import Floats

_PRIOR: Final = (0.3, 0.1, 0.1)
"""How far effects of all may be from 0: in currency, as shares of the price and of a usual week."""
_APART: Final = (0.3, 0.2, 0.2)
"""How far those of a type may be from those of all, likewise."""
_SELECTED: Final = 30.0
"""How far buyers may be from others, which is no effect, as a multiple of the first priors."""
_SCALES: Final = (0.0, 0.25, 0.5, 1.0, 2.0)
"""Multiples of the priors that are weighed by the evidence for each."""
_CUT: Final = 0.99
"""Share of weeks that are taken as they are; larger ones, beside the usual, are cut."""
_TERMS: Final = len(_PRIOR)


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


class Drawn(NamedTuple):
    """Candidates that a choice was drawn of, `(m,)` each."""

    decision: NDArray[np.int64]
    type: NDArray[np.intp]
    price: Floats
    chance: Floats
    """How likely each would be bought."""
    propensity: Floats
    """How likely each was drawn."""


def fit_effects(weeks: Weeks, drawn: Drawn, chosen: NDArray[np.int64], types: int) -> Effects:
    """Effects of a purchase, for each type, and for types that are not known.

    Args:
        weeks: What was spent besides.
        drawn: What was drawn of.
        chosen: Position of each choice in `drawn`, `(n,)`.
        types: How many types are known.
    """
    spread = weeks.usual + max(float(weeks.usual.mean()), 0.01) / 2
    # Of a week that is observed in part there is less to see, and less noise.
    precise = np.sqrt(weeks.weight / np.maximum(weeks.share, 1e-3)) / spread
    left = _cut(weeks.rest / spread, weeks.share) * spread - weeks.share * weeks.usual
    terms = np.stack([np.ones(len(drawn.price)), drawn.price, weeks.usual[drawn.decision]], axis=1)
    own = terms[chosen] * (weeks.bought * weeks.share)[:, None]
    which = drawn.type[chosen][:, None] == np.arange(types)
    apart = (which[:, :, None] * own[:, None, :]).reshape(len(own), -1)
    prior = np.concatenate([np.array(_PRIOR) * _SELECTED, np.tile(_APART, types)])
    fixed = np.arange(len(prior)) < _TERMS
    of_buyers = np.concatenate([own, apart], axis=1) * precise[:, None]
    each = _shrunk(of_buyers, left * precise, weeks.customer, prior, fixed)[_TERMS:]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(drawn.decision)) + 1])
    likely = terms * drawn.chance[:, None]
    mean = np.add.reduceat(likely * drawn.propensity[:, None], starts, axis=0)
    by_draw = (likely[chosen] - mean) * (weeks.share * precise)[:, None]
    unexplained = (left - apart @ each) * precise
    common = _shrunk(
        by_draw, unexplained, weeks.customer, np.array(_PRIOR), np.zeros(_TERMS, dtype=bool)
    )
    found = np.concatenate([each.reshape(types, _TERMS), np.zeros((1, _TERMS))]) + common
    return Effects(each=tuple((a, b, c) for a, b, c in found.tolist()))


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
