"""What a catalogue knows of items, by the codes of an index."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuebox.compartments.recommend.ranking.ids import Ids
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.merged import Merged
from valuebox.compartments.recommend.ranking.sessions import Int32s
from valuebox.statistics.arrays import Floats, Mask

NO_CATEGORY: Final = -1


class Columns(NamedTuple):
    """What is known of each item, `(n,)` each."""

    category: Int32s
    """Code of a category, -1 where there is none."""
    price: Floats
    """In the shop's currency, NaN where it is not known."""
    available: Mask
    """Whether the item may be recommended."""

    @classmethod
    def unknown(cls, n_items: int) -> Self:
        """Items of which nothing is known: they are available."""
        return cls(
            np.full(n_items, NO_CATEGORY, dtype=np.int32),
            np.full(n_items, np.nan),
            np.ones(n_items, dtype=bool),
        )

    def taken(self, at: NDArray[np.integer]) -> Self:
        """Some of the items, in the order given."""
        return type(self)(self.category[at], self.price[at], self.available[at])

    def followed_by(self, other: "Columns") -> Self:
        """These items, and then others."""
        return type(self)(
            np.concatenate([self.category, other.category]),
            np.concatenate([self.price, other.price]),
            np.concatenate([self.available, other.available]),
        )

    def put(self, at: NDArray[np.integer], other: "Columns", there: NDArray[np.integer]) -> None:
        """Write what is known of some other items in the places of some of these."""
        self.category[at] = other.category[there]
        self.price[at] = other.price[there]
        self.available[at] = other.available[there]


class Attributes(NamedTuple):
    """A catalogue as one index sees it; made once for an index, and used with all its deltas."""

    known: Columns
    """Of the items of the index, by code."""
    others: Ids
    """Items of the catalogue that the index does not know."""
    of_others: Columns

    @classmethod
    def of(
        cls,
        index: Index,
        item_ids: Sequence[str],
        categories: ArrayLike | None = None,
        prices: ArrayLike | None = None,
        available: ArrayLike | None = None,
    ) -> Self:
        """Bring a catalogue into the order of an index.

        Args:
            index: Whose items not in the catalogue have unknown attributes, and are available.
            item_ids: Ids of the catalogue's items, all different, `(n,)`.
            categories: Code of each item's category, -1 where it has none; None for no categories.
            prices: Price of each item, NaN where it has none; None for no prices.
            available: Whether each item may be recommended; None where all may.

        Raises:
            ValueError: where an id is there twice, or a column has another length.
        """
        columns = Columns.unknown(len(item_ids))
        if categories is not None:
            columns.category[:] = np.asarray(categories, dtype=np.int32)
        if prices is not None:
            columns.price[:] = np.asarray(prices, dtype=np.float64)
        if available is not None:
            columns.available[:] = np.asarray(available, dtype=bool)
        codes = np.fromiter(map(index.ids.code_of, item_ids), dtype=np.int64, count=len(item_ids))
        there = np.flatnonzero(codes >= 0)
        known = Columns.unknown(len(index.ids))
        known.put(codes[there], columns, there)
        new = np.flatnonzero(codes < 0)
        others = Ids.of([item_ids[place] for place in new.tolist()])
        return cls(known, others, columns.taken(new))

    def beside(self, merged: Merged) -> tuple[Columns, Ids]:
        """Attributes by the codes of an index with its delta, and ids of what neither has.

        Returns:
            Columns of all items of `merged`, then of the items whose ids are returned.
        """
        columns, others, of_others = self.known, self.others, self.of_others
        if merged.delta is not None and len(merged.delta.ids):
            ids = merged.delta.ids
            at = np.array([others.code_of(ids.text_of(code)) for code in range(len(ids))])
            own = Columns.unknown(len(ids))
            own.put(np.flatnonzero(at >= 0), of_others, at[at >= 0])
            left = np.setdiff1d(np.arange(len(others)), at)
            if len(left) < len(others):
                others = Ids.of([others.text_of(code) for code in left.tolist()])
                of_others = of_others.taken(left)
            columns = columns.followed_by(own)
        return columns.followed_by(of_others) if len(others) else columns, others
