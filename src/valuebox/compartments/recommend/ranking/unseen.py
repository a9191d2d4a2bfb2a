"""Items that no session has: found by their category and their price."""

from typing import Final

import numpy as np

from valuebox.compartments.recommend.ranking.attributes import NO_CATEGORY, Columns
from valuebox.compartments.recommend.ranking.sessions import Int32s
from valuebox.statistics.arrays import Floats, Mask

BAND: Final = 0.7
"""Logarithm of the ratio of prices at which an item counts 1/e as much: half or twice the price."""


def alike(columns: Columns, codes: Int32s, among: Int32s, weights: Floats) -> Floats:
    """How much items are like others in category and price.

    Args:
        columns: What is known of all items.
        codes: Items that a visitor looked at, `(n,)`.
        among: Items that are compared with them, `(m,)`.
        weights: How much each of `codes` counts, `(n,)`.

    Returns:
        `(m,)`, up to the sum of the weights; 0 where no category is shared. An unknown price is as
        if it were a band away.
    """
    mine, theirs = columns.category[codes][:, None], columns.category[among]
    ratio = np.log(np.maximum(columns.price[among], 1e-9)) - np.log(
        np.maximum(columns.price[codes], 1e-9)
    ).reshape(-1, 1)
    near = np.exp(-np.abs(np.where(np.isnan(ratio), BAND, ratio)) / BAND)
    found: Floats = weights @ (near * ((mine == theirs) & (mine != NO_CATEGORY)))
    return found


class Unseen:
    """Available items that no session has, by category: what an exploration slot takes from."""

    def __init__(self, columns: Columns, seen: Mask):
        """Find them.

        Args:
            columns: What is known of all items.
            seen: Which of the items some session has, `(n_items,)`.
        """
        self._columns = columns
        codes = np.flatnonzero(~seen & columns.available & (columns.category != NO_CATEGORY))
        order = np.argsort(columns.category[codes], kind="stable")
        self._codes: Int32s = codes[order].astype(np.int32)
        self._category = columns.category[self._codes]

    def nearest(self, codes: Int32s, weights: Floats, count: int) -> tuple[Int32s, Floats]:
        """Unseen items that are most like those of a visitor, best first.

        Args:
            codes: Items that the visitor looked at, `(n,)`.
            weights: How much each counts, `(n,)`.
            count: How many to find at most.

        Returns:
            Their codes, and how much they are alike; see `alike`.
        """
        wanted = np.unique(self._columns.category[codes])
        spans = np.searchsorted(self._category, [wanted, wanted + 1]).T.tolist()
        among = np.concatenate([np.zeros(0, np.int32), *(self._codes[a:b] for a, b in spans)])
        likeness = alike(self._columns, codes, among, weights)
        best = np.argsort(-likeness, kind="stable")[:count]
        return among[best], likeness[best]
