"""Candidates in order of their scores, without those that may not be recommended."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.sessions import Int32s
from valuebox.statistics.arrays import Mask


class Out(NamedTuple):
    """What may not be recommended: a few codes, and masks of many."""

    codes: tuple[int, ...]
    masks: tuple[Mask, ...]

    def kept(self, codes: Int32s) -> Mask:
        """Which items may be recommended, `(n,)`."""
        if not self.codes:
            found = np.ones(len(codes), dtype=bool)
        else:
            found = codes != self.codes[0]
            for one in self.codes[1:]:
                found &= codes != one
        for mask in self.masks:
            found &= ~mask[codes]
        return found

    def left(self, codes: Int32s) -> Int32s:
        """Those of the items that may be recommended."""
        return codes[self.kept(codes)]


def best_of(
    codes: Int32s, scores: NDArray[np.float32], count: int, text_of: Callable[[int], str]
) -> NDArray[np.intp]:
    """Places of the highest scores in order.

    Of equal scores the ids decide, so that an answer does not hang on how an index was built.

    Args:
        codes: Of the items, `(n,)`.
        scores: How much each is recommended, `(n,)`.
        count: How many places are wanted.
        text_of: Finds the id of an item.

    Returns:
        `(min(n, count),)`.
    """
    if len(codes) > count > 0:
        cut = scores.copy()
        cut.partition(-count)
        places: NDArray[np.intp] = (scores >= cut[-count]).nonzero()[0]
        places = places.take((-scores.take(places)).argsort(kind="stable"))
    else:
        places = (-scores).argsort(kind="stable")
    ordered = scores.take(places)
    if (ordered[1:] == ordered[:-1]).any():
        ids = [text_of(code) for code in codes[places].tolist()]
        by_id = sorted(range(len(ids)), key=lambda one: (-ordered[one], ids[one]))
        places = places[by_id]
    return places[:count]
