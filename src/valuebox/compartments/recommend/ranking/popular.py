"""Items that most sessions have: of the last day, and of all time."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.sessions import Counts, Int32s

_FIRST = 1000
RARE: Final = 5.0
"""Sessions with an item from which on it counts less, where there is a discount."""


class Popular:
    """Items in the order of how many sessions have them; the whole order is made when needed."""

    def __init__(self, counts: Counts, lately: bool):
        """Order items.

        Args:
            counts: Of the sessions with each item.
            lately: Whether sessions of the last day come first; those of all time come after.
        """
        self.lately = lately
        self._counts = counts
        self._of = counts.day if lately else counts.sessions
        self._most = max(int(self._of.max(initial=0)), 1)
        self._first = self._order(_FIRST)
        self._all: Int32s | None = None

    def first(self) -> Int32s:
        """Codes of the items at the top: a thousand, or all where there are fewer."""
        return self._first

    def all(self) -> Int32s:
        """Codes of all items that any session has."""
        if self._all is None:
            self._all = self._order(len(self._counts.sessions))
        return self._all

    def score(self, codes: Int32s) -> NDArray[np.float32]:
        """Share that items have of the sessions of the most popular one, `(n,)`."""
        found: NDArray[np.float32] = (self._of[codes] / self._most).astype(np.float32)
        return found

    def _order(self, count: int) -> Int32s:
        sessions = self._counts.sessions
        weight = sessions.astype(np.int64)
        if self.lately:
            weight += self._counts.day.astype(np.int64) << 32
        codes = np.flatnonzero(sessions > 0)
        if len(codes) > count:
            # One more than needed of equals is sorted out by their codes below.
            cut = np.partition(weight[codes], -count)[-count]
            codes = codes[weight[codes] >= cut]
        found: Int32s = codes[np.argsort(-weight[codes], kind="stable")][:count].astype(np.int32)
        return found


def rarity(counts: Counts, discount: float) -> NDArray[np.float32]:
    """What scores are multiplied by where popular items count less, `(n_items,)`.

    Args:
        counts: Of the sessions with each item.
        discount: The power to which these are raised; 0 changes nothing.

    Returns:
        1 for items that no session has, and less the more do.
    """
    return ((1 + counts.sessions / RARE) ** -discount).astype(np.float32)
