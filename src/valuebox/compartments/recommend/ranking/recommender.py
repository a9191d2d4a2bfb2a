"""Answers: what a visitor should see next, and why."""

from collections.abc import Callable, Collection, Sequence
from copy import copy
from functools import lru_cache, partial
from typing import Final, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.attributes import Attributes, Columns
from valuebox.compartments.recommend.ranking.candidates import Candidates, candidates_of
from valuebox.compartments.recommend.ranking.delta import Delta
from valuebox.compartments.recommend.ranking.ids import Ids
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.merged import Merged, code_of, text_of
from valuebox.compartments.recommend.ranking.neighbours import Scratches, Visitor
from valuebox.compartments.recommend.ranking.on_lists import Counting, OnLists
from valuebox.compartments.recommend.ranking.ordering import Out, best_of
from valuebox.compartments.recommend.ranking.popular import Popular
from valuebox.compartments.recommend.ranking.ranker import Ranker
from valuebox.compartments.recommend.ranking.ranker_columns import matrix_of
from valuebox.compartments.recommend.ranking.reasons import parts_of
from valuebox.compartments.recommend.ranking.sessions import Int32s
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.compartments.recommend.ranking.unseen import Unseen, alike
from valuebox.compartments.recommend.ranking.walking import walked_on
from valuebox.statistics.arrays import Mask

Generator = Literal["ranker", "neighbours", "alike", "popular"]
_REMEMBERED: Final = 1 << 14
"""Ids and codes that are kept at hand."""
AS_FOUND: Final = Counting()
"""By what is seen next alone."""


class Recommended(NamedTuple):
    """Items in order, the best first."""

    items: tuple[str, ...]
    scores: tuple[float, ...]
    """Scores of the generator, comparable within the answer alone."""
    reasons: tuple[str | None, ...]
    """The visitor's item that contributed most to each; empty where no reasons were asked for."""
    generator: Generator
    """What has made the list: the part of it that is not filled up."""
    filled: int
    """How many items at the end are popular ones, since the generator has found no more."""


class Recommender:
    """Recommends from an index, its delta and a catalogue; any number of threads may ask it."""

    def __init__(
        self,
        index: Index,
        delta: Delta | None = None,
        ranker: Ranker | None = None,
        attributes: Attributes | None = None,
        setting: Setting | None = None,
        counting: Counting = AS_FOUND,
    ):
        """Put the parts together; takes milliseconds.

        Args:
            index: Sessions of visitors.
            delta: Sessions since then, built for this index.
            ranker: Puts the best candidates into order.
            attributes: What the catalogue knows, made for this index.
            setting: How to ask; by default as the index was built, which is how rankers learn.
            counting: What else counts on lists that visitors are shown; nothing by default.
        """
        self.merged = Merged(index, delta)
        self.setting = setting or index.setting
        self.ranker = ranker
        self._prior = self.merged.prior(self.setting.age)
        if attributes is None:
            self.columns, others = Columns.unknown(self.merged.n_items), Ids.of([])
        else:
            self.columns, others = attributes.beside(self.merged)
        # What people look at now is asked for again and again.
        self.code_of: Callable[[str], int] = lru_cache(_REMEMBERED)(
            partial(code_of, self.merged, others)
        )
        """Finds the code of an item that a session or the catalogue has, -1 for others."""
        self.text_of: Callable[[int], str] = lru_cache(_REMEMBERED)(
            partial(text_of, self.merged, others)
        )
        """Finds the id of an item by its code."""
        self.popular_lately = Popular(self.merged.counts, lately=True)
        self.popular_ever = Popular(self.merged.counts, lately=False)
        self._on_lists = (
            None
            if counting == AS_FOUND
            else OnLists(counting, self.columns, self.merged.counts, self.popular_lately.first())
        )
        clicked = np.zeros(len(self.columns.price), dtype=bool)
        clicked[: self.merged.n_items] = self.merged.counts.sessions > 0
        self.unseen = Unseen(self.columns, clicked)
        self._sold_out = [] if self.columns.available.all() else [~self.columns.available]
        self._scratches = Scratches(self.merged)

    def ranked_by(self, ranker: Ranker | None) -> Self:
        """A recommender of these parts with another ranker, by what is seen next alone."""
        other = copy(self)
        other.ranker, other._on_lists = ranker, None
        return other

    def mask(self, items: Collection[str]) -> Mask:
        """Which items are meant, by code: to be made once where many are excluded."""
        found = np.zeros(len(self.columns.price), dtype=bool)
        codes = [code for code in map(self.code_of, items) if code >= 0]
        found[codes] = True
        return found

    def answer(
        self,
        seen: Sequence[str],
        count: int = 20,
        *,
        fresh: bool = True,
        again: bool = True,
        exclude: Collection[str] | Mask = (),
        only: Collection[str] | Mask | None = None,
        explain: bool = False,
    ) -> Recommended:
        """What a visitor should see next.

        Args:
            seen: Ids of the items that the visitor has looked at, oldest first.
            count: How many items are wanted.
            fresh: Whether the item being looked at, the last one, is left out.
            again: Whether items that the visitor has looked at before may be recommended.
            exclude: Items that may not be recommended: ids, or what `mask` makes of them.
            only: Items that alone may be recommended; None where all may.
            explain: Whether reasons are wanted.
        """
        clicks = [self.code_of(one) for one in seen[-self.setting.longest :]]
        looked_at = clicks[-1:] if fresh else []
        left_out = looked_at if again else [self.code_of(one) for one in set(seen)]
        out = self._out(left_out, exclude, only)
        visitor = self._visitor(clicks)
        found, scores = self._scored(visitor, clicks, out)
        if self._on_lists is not None:
            found, scores = self._on_lists.counted(found, scores, visitor, out, count)
        generator: Generator = "neighbours" if self.ranker is None else "ranker"
        chosen = best_of(found.codes, scores, count, self.text_of)
        codes, scored = found.codes[chosen], scores[chosen]
        reasons = self._reasons(chosen, found, visitor) if explain else ()
        if not len(codes):
            codes, scored, reasons = self._alike(clicks, out, count, explain)
            generator = "alike" if len(codes) else "popular"
        items, said, filled = codes.tolist(), scored.tolist(), 0
        if len(items) < count:
            more = self._popular(count - len(items), codes, out)
            items += more.tolist()
            said += self.popular_lately.score(more).tolist()
            filled = len(more)
        return Recommended(
            tuple(map(self.text_of, items)),
            tuple(said),
            (*reasons, *[None] * filled) if explain else (),
            generator,
            filled if generator != "popular" else 0,
        )

    def best(self, clicks: list[int], count: int = 20, *, fresh: bool = True) -> Int32s:
        """Codes of what is seen next by neighbours, rules and ranker; nothing is filled up.

        Args:
            clicks: Codes of the visitor's clicks, oldest first; -1 for items not known.
            count: How many items are wanted.
            fresh: Whether the last one is left out.
        """
        codes, scores = self.strengths(clicks, fresh=fresh)
        return codes[best_of(codes, scores, count, self.text_of)]

    def strengths(
        self, clicks: list[int], *, fresh: bool = True
    ) -> tuple[Int32s, NDArray[np.float32]]:
        """Codes of all candidates of a visitor in no order, and what their order goes by."""
        clicks = clicks[-self.setting.longest :]
        out = self._out(clicks[-1:] if fresh else ())
        found, scores = self._scored(self._visitor(clicks), clicks, out)
        return found.codes, scores

    def candidates(
        self, clicks: list[int], *, fresh: bool = True
    ) -> tuple[Int32s, NDArray[np.float32]]:
        """Codes of the candidates of a visitor that a ranker puts into order, and their matrix."""
        clicks = clicks[-self.setting.longest :]
        visitor = self._visitor(clicks)
        out = self._out(clicks[-1:] if fresh else ())
        found = self._ranked(self._found(visitor, out), out)
        return found.codes, self._matrix(found, visitor, clicks)

    def popular(
        self,
        count: int = 20,
        *,
        lately: bool = True,
        exclude: Collection[str] | Mask = (),
        only: Collection[str] | Mask | None = None,
    ) -> Recommended:
        """Items that most sessions have, of the last day first or of all time, for anybody."""
        popular = self.popular_lately if lately else self.popular_ever
        out = self._out((), exclude, only)
        codes = self._popular(count, np.zeros(0, dtype=np.int32), out, popular)
        scores = popular.score(codes)
        items = tuple(map(self.text_of, codes.tolist()))
        return Recommended(items, tuple(scores.tolist()), (), "popular", 0)

    def _visitor(self, clicks: list[int]) -> Visitor:
        known = [code if code < self.merged.n_items else -1 for code in clicks]
        return Visitor.of(known, self.setting)

    def _scored(
        self, visitor: Visitor, clicks: list[int], out: Out
    ) -> tuple[Candidates, NDArray[np.float32]]:
        """Candidates with their scores, by the ranker if there is one; all are above 0."""
        found = self._found(visitor, out)
        if self.ranker is None or not len(found.codes):
            scores = found.total(self.setting)
        else:
            found = self._ranked(found, out)
            # What a boost multiplies has to be above 0.
            scores = np.exp(self.ranker.scores(self._matrix(found, visitor, clicks)))
        return found, scores.astype(np.float32, copy=False)

    def _ranked(self, found: Candidates, out: Out) -> Candidates:
        """The candidates that a ranker puts into order, in order of their score."""
        with self._scratches.lent() as scratch:
            return walked_on(found, self.merged, self.setting, scratch, out.kept, self.text_of)

    def _matrix(
        self, found: Candidates, visitor: Visitor, clicks: list[int]
    ) -> NDArray[np.float32]:
        return matrix_of(found, visitor, clicks, self.merged, self.columns, self.setting)

    def _found(self, visitor: Visitor, out: Out) -> Candidates:
        with self._scratches.lent() as scratch:
            found = candidates_of(visitor, self.merged, self.setting, self._prior, scratch)
        kept = out.kept(found.codes)
        kept &= (found.neighbours + found.rules) > 0
        return found if kept.all() else found.taken(kept.nonzero()[0])

    def _out(
        self,
        codes: Sequence[int],
        exclude: Collection[str] | Mask = (),
        only: Collection[str] | Mask | None = None,
    ) -> Out:
        few, masks = {code for code in codes if code >= 0}, self._sold_out
        if isinstance(exclude, np.ndarray):
            masks = [*masks, exclude]
        elif exclude:
            few |= {code for code in map(self.code_of, exclude) if code >= 0}
        if only is not None:
            masks = [*masks, ~(only if isinstance(only, np.ndarray) else self.mask(only))]
        return Out(tuple(few), tuple(masks))

    def _reasons(
        self, chosen: NDArray[np.intp], found: Candidates, visitor: Visitor
    ) -> tuple[str | None, ...]:
        if not len(chosen):
            return ()
        parts = parts_of(chosen, found, visitor, self.merged, self.setting)
        # "Because you looked at it" says nothing of the item itself, where there is another reason.
        itself = np.array(visitor.codes)[:, None] == found.codes[chosen]
        most = np.where(itself, parts * 1e-9, parts).argmax(axis=0)
        return tuple(self.text_of(visitor.codes[row]) for row in most.tolist())

    def _alike(
        self, clicks: list[int], out: Out, count: int, explain: bool
    ) -> tuple[Int32s, NDArray[np.float32], tuple[str | None, ...]]:
        """Items of the same category and price, where no session knows any item of the visitor."""
        codes = np.array([code for code in clicks[-1:] if code >= 0], dtype=np.int32)
        first = self.popular_lately.first()
        likeness = alike(self.columns, codes, first, np.ones(len(codes)))
        kept = (likeness > 0) & out.kept(first)
        found = first[kept][:count]
        reasons = tuple(self.text_of(int(codes[0])) for _ in found) if explain else ()
        return found, likeness[kept][:count].astype(np.float32), reasons

    def _popular(
        self, count: int, besides: Int32s, out: Out, popular: Popular | None = None
    ) -> Int32s:
        popular = popular or self.popular_lately
        if count <= 0:
            return np.zeros(0, dtype=np.int32)
        out = out._replace(codes=(*out.codes, *besides.tolist()))
        kept = out.left(popular.first())
        return (kept if len(kept) >= count else out.left(popular.all()))[:count]
