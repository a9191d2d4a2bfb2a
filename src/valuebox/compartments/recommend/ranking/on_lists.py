"""What counts on a list that a visitor is shown, beside what is seen next.

Everybody finds the most popular items without a list, and the way back to what was looked at. What
a list adds are items that the visitor would not have found: rarer ones, of the same kind.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.attributes import NO_CATEGORY, Columns
from valuebox.compartments.recommend.ranking.candidates import Candidates
from valuebox.compartments.recommend.ranking.neighbours import Visitor
from valuebox.compartments.recommend.ranking.ordering import Out
from valuebox.compartments.recommend.ranking.popular import rarity
from valuebox.compartments.recommend.ranking.sessions import Counts, Int32s
from valuebox.compartments.recommend.ranking.unseen import BAND
from valuebox.statistics.arrays import Floats

_JOINED: Final = 30
"""Items of the same category that become candidates, the most popular ones."""
_LATEST: Final = 3
"""Items of the visitor that candidates are compared with, the latest."""


class Counting(NamedTuple):
    """How much else counts on a list; as it is by default, nothing does."""

    strength: float = 1.0
    """Power to which scores of what is seen next are raised."""
    discount: float = 0.0
    """How much less an item counts that most sessions find without a list: scores are divided by
    its sessions to this power."""
    again: float = 1.0
    """What scores of items are multiplied by that the visitor has looked at before."""
    likeness: float = 0.0
    """Power of e that scores of items of the same category and price are multiplied by; less for
    those that are less alike."""


USUAL: Final = Counting(1.0, 0.5, 0.1, 1.0)
"""For shops whose visitors have not clicked enough lists to tell: between what the visitors of
made-up shops of several kinds like best."""


class Likeness:
    """How much items are like the latest ones of a visitor, in category and price.

    Args:
        columns: What is known of all items.
    """

    def __init__(self, columns: Columns):
        self._category = columns.category
        # A price that is not known, or no price, is a band away from any other.
        known = columns.price > 0
        self._price = np.log(columns.price, where=known, out=np.full(len(known), np.nan))
        self._all_known = bool(known.all())

    def of(self, visitor: Visitor, among: NDArray[np.integer]) -> Floats:
        """How much items are like those of a visitor, from 0 to 1, `(n,)`.

        Args:
            visitor: Whose latest items they are compared with; has at least one.
            among: Codes of the items, `(n,)`.
        """
        found = np.zeros(len(among))
        # Looked up by int32, NumPy takes three times as long.
        among = among.astype(np.intp)
        kinds = self._category.take(among)
        every = sum(visitor.weights[:_LATEST])
        for code, weight in zip(visitor.codes[:_LATEST], visitor.weights, strict=False):
            kind = self._category[code]
            if kind != NO_CATEGORY:
                same = (kinds == kind).nonzero()[0]
                away = np.abs(self._price.take(among.take(same)) - self._price[code])
                away /= BAND
                if not self._all_known:
                    away[np.isnan(away)] = 1.0
                found[same] += (weight / every) * np.exp(-away)
        return found


class OnLists:
    """Scores of candidates as they count on a list.

    Args:
        counting: How much else counts.
        columns: What is known of all items.
        counts: Of the sessions with each item.
        popular: Codes of the most popular items, in order.
    """

    def __init__(self, counting: Counting, columns: Columns, counts: Counts, popular: Int32s):
        self._counting, self._category = counting, columns.category
        self._rarity = rarity(counts, counting.discount) if counting.discount else None
        kinds = columns.category[popular]
        is_alike = bool(counting.likeness) and bool((kinds != NO_CATEGORY).any())
        self._likeness = Likeness(columns) if is_alike else None
        self._popular, self._kinds = popular, kinds

    def counted(
        self,
        found: Candidates,
        scores: NDArray[np.float32],
        visitor: Visitor,
        out: Out,
        count: int,
    ) -> tuple[Candidates, NDArray[np.float32]]:
        """The candidates, and popular items of the same category where they are few, with scores.

        Args:
            found: All candidates.
            scores: How near each is to what is seen next, all above 0.
            visitor: Whose candidates they are.
            out: What may not be recommended.
            count: How many items are wanted.
        """
        if self._counting.strength != 1.0:
            scores = scores**self._counting.strength
        if self._rarity is not None:
            scores = scores * self._rarity.take(found.codes)
        if self._counting.again != 1.0:
            # Only what was looked at before is raised for it.
            scores = np.where(found.again > 0, scores * self._counting.again, scores)
        if self._likeness is not None and len(found.codes) and visitor.codes:
            found, scores = self._joined(found, scores, visitor, out, count)
            alike = self._likeness.of(visitor, found.codes)
            scores = scores * np.exp(self._counting.likeness * alike)
        return found, scores.astype(np.float32, copy=False)

    def _joined(
        self,
        found: Candidates,
        scores: NDArray[np.float32],
        visitor: Visitor,
        out: Out,
        count: int,
    ) -> tuple[Candidates, NDArray[np.float32]]:
        """With popular items of the last one's category, where candidates have too few of it."""
        kind = self._category[visitor.codes[0]]
        if kind == NO_CATEGORY:
            return found, scores
        if np.count_nonzero(self._category.take(found.codes) == kind) >= count:
            return found, scores
        more = out.left(self._popular[self._kinds == kind][:_JOINED])
        known = np.concatenate([found.codes, np.array(visitor.codes, dtype=np.int32)])
        more = more[~(more[:, None] == known).any(axis=1)]
        walked = np.zeros(len(found.codes) + len(more) if len(found.walked) else 0)
        walked[: len(found.walked)] = found.walked
        # Nothing is known of their strength: they count as the last of the candidates.
        last = np.full(len(more), scores.min(), dtype=np.float32)
        return found.joined(more, walked), np.concatenate([scores, last])
