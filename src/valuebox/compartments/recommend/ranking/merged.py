"""An index and its delta, looked up as if they were one."""

from functools import lru_cache, partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.clicks import spans
from valuebox.compartments.recommend.ranking.delta import Delta
from valuebox.compartments.recommend.ranking.ids import Ids
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.sessions import Counts, Int32s
from valuebox.compartments.recommend.ranking.setting import DAY
from valuebox.statistics.arrays import Floats, Mask

_NONE: Final = np.zeros(0, dtype=np.int32)
_NOTHING: Final = np.zeros(0, dtype=np.float32)
_REMEMBERED: Final = 1 << 11
"""Items of which sessions and rules are kept at hand."""


class Followed(NamedTuple):
    """What follows an item."""

    items: Int32s
    weights: NDArray[np.float32]
    """How heavily each follows."""
    total: float
    """How heavy all that follows is, also of rules that are not kept."""


class Merged:
    """Sessions, rules and counts of an index with those of its delta, if there is one.

    Places of the delta's sessions come after those of the index, and so do codes of its new items.
    """

    def __init__(self, index: Index, delta: Delta | None = None):
        self.index, self.delta = index, delta
        self.n_items = delta.n_items if delta else len(index.ids)
        self.n_places = len(index.sessions.ended) + (len(delta.sessions.ended) if delta else 0)
        self.counts = _counts(index, delta, self.n_items)
        self.sessions_ever = max(index.n_sessions + (delta.n_sessions if delta else 0), 1)
        """How many sessions there are, at least 1."""
        self.sessions_lately = max(int(self.counts.day.max(initial=0)), 1)
        """How many sessions of the last day have the item that most of them have, at least 1."""
        self.idf = np.log(self.sessions_ever / np.maximum(self.counts.sessions, 1))
        """Inverse document frequency: what few sessions have tells more of those, `(n_items,)`."""
        hidden = delta.hidden if delta is not None and delta.hidden.any() else None
        # What people look at now is asked for again and again.
        self.sessions_of = lru_cache(_REMEMBERED)(partial(_sessions_of, index, delta, hidden))
        """Finds places of the latest sessions of an item, of which so many are wanted."""
        self.rules_of = lru_cache(_REMEMBERED)(partial(_rules_of, index, delta))
        """Finds what follows an item."""

    @property
    def until(self) -> float:
        """Seconds since 1970 of the last click."""
        return self.delta.until if self.delta else self.index.until

    def code_of(self, text: str) -> int:
        """The code of an item, -1 where no click on it is known."""
        code = self.index.ids.code_of(text)
        if code < 0 and self.delta:
            code = self.delta.ids.code_of(text)
            return code + len(self.index.ids) if code >= 0 else code
        return code

    def text_of(self, code: int) -> str:
        """The id of an item."""
        own = len(self.index.ids)
        if self.delta and code >= own:
            return self.delta.ids.text_of(code - own)
        return self.index.ids.text_of(code)

    def prior(self, age: float) -> Floats:
        """What each session weighs whoever asks, `(n_places,)`; see `Index.prior`."""
        prior = self.index.prior(age)
        if self.delta is None:
            return prior
        # Beside the last click of all, so that the weight of none is more than 1.
        later = np.exp((self.index.until - self.delta.until) / (age * DAY))
        until = self.delta.until - self.index.origin
        return np.concatenate([prior * later, self.delta.sessions.prior(until, age * DAY)])

    def items_of(self, places: Int32s) -> tuple[NDArray[np.int64], Int32s]:
        """Items of sessions, one session after another, and where each begins, `(n + 1,)`."""
        own = len(self.index.sessions.ended)
        if self.delta is None or not (places >= own).any():
            begins, at = spans(self.index.sessions.begins, places)
            return begins, self.index.sessions.items.take(at)
        sessions = self.index.sessions, self.delta.sessions
        old = int((places < own).sum())
        first, at = spans(sessions[0].begins, places[:old])
        then, later = spans(sessions[1].begins, places[old:] - own)
        items = np.concatenate([sessions[0].items[at], sessions[1].items[later]])
        return np.concatenate([first[:-1], then + first[-1]]), items


def _sessions_of(
    index: Index, delta: Delta | None, hidden: Mask | None, item: int, latest: int
) -> Int32s:
    old = _NONE
    if item < len(index.ids):
        old = index.sessions.of(item)
        if hidden is not None:
            old = old[~hidden[old]]
    if delta is None:
        return old[-latest:]
    young = delta.sessions.of(item)[-latest:]
    if not len(young):
        return old[-latest:]
    kept = latest - len(young)
    young = young + np.int32(len(index.sessions.ended))
    return np.concatenate([old[-kept:], young]) if kept and len(old) else young


def _rules_of(index: Index, delta: Delta | None, item: int) -> Followed:
    items, weights, total = _NONE, _NOTHING, 0.0
    if item < len(index.ids):
        items, weights = index.rules.of(item)
        total = float(index.rules.totals[item])
    if delta is not None:
        more, changes = delta.rules.of(item)
        if len(more):
            total += float(delta.rules.totals[item])
            items = np.concatenate([items, more])
            weights = np.concatenate([weights, changes])
    return Followed(items, weights, total)


def _counts(index: Index, delta: Delta | None, n_items: int) -> Counts:
    if delta is None:
        return index.counts
    more = (0, n_items - len(index.ids))
    far = np.iinfo(np.int32).max
    sessions, day = (np.pad(one, more) for one in (index.counts.sessions, index.counts.day))
    return Counts(
        sessions + delta.counts.sessions,
        day + delta.counts.day,
        np.minimum(np.pad(index.counts.first, more, constant_values=far), delta.counts.first),
        np.maximum(np.pad(index.counts.last, more), delta.counts.last),
    )


def code_of(merged: Merged, others: Ids, text: str) -> int:
    """The code of an item that an index has, or the catalogue beside it; -1 for any other."""
    code = merged.code_of(text)
    if code < 0 and len(others):
        code = others.code_of(text)
        return code + merged.n_items if code >= 0 else code
    return code


def text_of(merged: Merged, others: Ids, code: int) -> str:
    """The id of such an item."""
    if code >= merged.n_items:
        return others.text_of(code - merged.n_items)
    return merged.text_of(code)
