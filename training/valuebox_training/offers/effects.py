"""Learn what a bought offer does to other purchases of the week.

Who buys an offer also buys more elsewhere, so that buyers cannot be compared with others. But which
offer was shown was drawn, with known propensities: what other purchases have to do with the chance
that the drawn offer would be bought, beyond what the average over the draw gives, is the effect
(Robinson, Root-N-consistent semiparametric regression, Econometrica 56, 1988). Its coefficients are
shrunk by as much as the evidence asks for, where players and not decisions are independent.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.later import Effects
from valuebox.statistics.arrays import Floats

_STEPS: Final = 15
_PRIOR: Final = (1.0, 0.3, 0.15)
"""How far effects are expected to be from 0: in currency, as shares of the price and of a week."""
_TYPES: Final = 0.7
"""How far those of a type are expected to be from all, as a multiple."""


class Weeks(NamedTuple):
    """What players spent besides, by decision, `(n,)` each."""

    customer: NDArray[np.int64]
    rest: Floats
    """Other purchases as far as observed, cut where the tail begins."""
    share: Floats
    """Share of the week that was observed."""
    usual: Floats
    """What the player spends on other things in a usual week."""
    weight: Floats


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
    """Effects of a purchase, for all types and for each.

    Args:
        weeks: What was spent besides.
        drawn: What was drawn of.
        chosen: Position of each choice in `drawn`, `(n,)`.
        types: How many types are known.
    """
    width = 3 * (types + 1)
    design = np.zeros((len(weeks.rest), width))
    bases = np.stack([np.ones(len(drawn.price)), drawn.price, weeks.usual[drawn.decision]], axis=1)
    bases *= drawn.chance[:, None]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(drawn.decision)) + 1])
    for place in range(types + 1):
        # The last three are of all types.
        those = bases if place == types else bases * (drawn.type == place)[:, None]
        mean = np.add.reduceat(those * drawn.propensity[:, None], starts, axis=0)
        design[:, 3 * place : 3 * place + 3] = those[chosen] - mean
    share = weeks.share
    left = weeks.rest - share * weeks.usual
    # Of a week that is observed in part there is less to see, and less noise.
    counts = weeks.weight / np.maximum(share, 1e-3)
    scaled = design * share[:, None]
    gram = (scaled * counts[:, None]).T @ scaled
    pull = scaled.T @ (counts * left)
    scores = np.zeros((int(weeks.customer.max(initial=0)) + 1, width))
    np.add.at(scores, weeks.customer, scaled * (counts * left)[:, None])
    prior = np.concatenate([np.tile(np.array(_PRIOR) * _TYPES, types), _PRIOR])
    # Noise of a row, such that players and not rows are independent.
    noise = max(float(np.trace(scores.T @ scores) / max(np.trace(gram), 1e-9)), 1e-9)
    found = np.linalg.solve(gram / noise + np.diag(1 / prior**2), pull / noise)
    each = found.reshape(types + 1, 3)
    each[:types] += each[types]
    return Effects(each=tuple((a, b, c) for a, b, c in each.tolist()))
