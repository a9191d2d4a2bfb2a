"""A model of offers made ready for few decisions at a time: arrays that are made once.

It says what `OffersModel.worth` says, up to rounding; of a decision always the same to the last
bit, whatever is asked along with it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy

from valuebox.compartments.offers.candidates import PRICE
from valuebox.compartments.offers.chance import Chance, Regression, matrix_of
from valuebox.compartments.offers.encoding import Encoded, Encoder
from valuebox.compartments.offers.encoding_rows import RowEncoder
from valuebox.compartments.offers.later import Later
from valuebox.models.forest import Forest
from valuebox.statistics.arrays import Floats

Row = Mapping[str, Any]


class Compiled:
    """What a model says of decisions as rows.

    Args:
        encoder: Of the model.
        chance: Of the model.
        later: Of the model.
    """

    def __init__(self, encoder: Encoder, chance: Chance, later: Later):
        self._encoder, self._types = RowEncoder(encoder), len(encoder.types)
        some = chance.regressions
        self._ways, self._shares = len(some), np.array(chance.shares)
        weights = np.array([one.level for one in some] + [one.slope for one in some])
        self._intercept, self._weights = weights[:, :, 0], weights[:, :, 1:]
        self._own = np.array([one.own for one in some]).reshape(len(some), -1)
        most = max(len(one.knots) for one in some)
        segments = [_segments(one, most) for one in some]
        self._start, self._end, self._from, self._bend = map(np.array, zip(*segments, strict=True))
        players = 1 + len(encoder.own_names) + self._types
        boosters = [*(one.booster for one in chance.trees), later.usual]
        self._forest = Forest(boosters, [0] * len(chance.trees) + [players])
        self._effects = np.array(later.effects.each)

    def said(
        self, known: Sequence[Row], lists: Sequence[Sequence[Row]]
    ) -> tuple[Encoded, Floats, Floats, Floats]:
        """Decisions as numbers, prices, chances, and effects on other purchases, `(m,)` each.

        Args:
            known: What is known of the player of each decision, by name.
            lists: The offers of each.
        """
        encoded = self._encoder.encode(known, lists)
        price = np.array([float(one[PRICE]) for some in lists for one in some])
        sums = self._forest.sums(matrix_of(encoded, self._types))
        plain = self._plain(encoded)
        ways = np.concatenate([plain, plain + sums[:, : self._ways]], axis=1)
        chance = scipy.special.expit((ways * self._shares).sum(axis=1))
        each = self._effects[encoded.type]
        usual = np.maximum(sums[:, self._ways], 0.0)
        return encoded, price, chance, each[:, 0] + each[:, 1] * price + each[:, 2] * usual

    def _plain(self, encoded: Encoded) -> Floats:
        """Log-odds by the regressions, `(m, n_regressions)`; see `Regression.log_odds`."""
        # Sums along a row, and not a product of matrices, are the same whatever is asked besides.
        of_types = (self._weights * encoded.features[:, None, None, :]).sum(axis=3)
        of_types += self._intercept
        both = of_types[encoded.decision, :, encoded.type]
        total = both[:, : self._ways] + (self._own * encoded.own[:, None, :]).sum(axis=2)
        within = np.minimum(np.maximum(encoded.price[:, None, None], self._start), self._end)
        steep = np.minimum(both[:, self._ways :, None] + self._bend, 0.0)
        found: Floats = total + (steep * (within - self._from)).sum(axis=2)
        return found


def _segments(one: Regression, most: int) -> tuple[list[float], ...]:
    """Start and end of each segment of prices, from where it counts, and how the slope bends."""
    knots = list(one.knots)
    # What is there beyond the last knot is as long as nothing.
    more = most - len(knots)
    last = knots[-1] if knots else 0.0
    start, end = [-np.inf, *knots, *[last] * more], [*knots, np.inf, *[last] * more]
    bend = np.cumsum([0.0, *one.bends]).tolist()
    return start, end, [0.0, *start[1:]], [*bend, *[0.0] * more]
