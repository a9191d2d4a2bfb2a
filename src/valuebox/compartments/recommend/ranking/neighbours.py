"""Sessions like the visitor's, and the items in them: VMIS-kNN.

Of each item of the visitor the latest sessions are looked at (Kersbergen, Sprangers and Schelter,
Serenade: low-latency session-based recommendation in e-commerce at scale, SIGMOD 2022). A session's
weight is the sum of the weights of the items in common, by the cosine; it falls with the age of the
session and with how long ago the newest item in common was clicked. An item's weight in a session
falls with the clicks between it and that item.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from math import exp
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.merged import Merged
from valuebox.compartments.recommend.ranking.sessions import Int32s
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.statistics.arrays import Floats

_FAR: Final = 1 << 12
"""Clicks from which on an item counts as if it were no further away."""


class Visitor(NamedTuple):
    """Different items of a visitor, from the one clicked last to the one clicked longest ago."""

    codes: tuple[int, ...]
    """Codes of those items that are known."""
    ago: tuple[int, ...]
    """How many clicks ago each was last clicked: 0 for the item being looked at."""
    weights: tuple[float, ...]
    """How much each counts."""
    clicks: int
    """How many of the visitor's clicks were looked at, those on items not known too."""

    @classmethod
    def of(cls, clicks: list[int], setting: Setting) -> Self:
        """The visitor of the codes of clicks, oldest first; -1 is an item that is not known."""
        latest = clicks[-setting.longest :]
        found: dict[int, int] = {}
        for ago, code in enumerate(reversed(latest)):
            if code >= 0:
                found.setdefault(code, ago)
        weights = tuple([exp(-ago / setting.fading) for ago in found.values()])
        return cls(tuple(found), tuple(found.values()), weights, len(latest))


class Scratch:
    """Room to find out what is there twice, without sorting; used by one thread at a time.

    What was written is read again within one question only, so that it is never cleared.
    """

    def __init__(self, merged: Merged):
        self.places = np.empty(merged.n_places, dtype=np.intp)
        self.items = np.empty(merged.n_items, dtype=np.intp)


class Scratches:
    """Room for as many threads as ask at once."""

    def __init__(self, merged: Merged):
        self._merged = merged
        self._free: list[Scratch] = []

    @contextmanager
    def lent(self) -> Iterator[Scratch]:
        """Room of a thread's own until this ends."""
        # Lists give and take without a lock.
        try:
            scratch = self._free.pop()
        except IndexError:
            scratch = Scratch(self._merged)
        try:
            yield scratch
        finally:
            self._free.append(scratch)


class Neighbours(NamedTuple):
    """Sessions like the visitor's, `(n,)` each; the index's before those of its delta."""

    places: Int32s
    weights: Floats
    newest: NDArray[np.intp]
    """Which item of the visitor is the newest that is in common: its place in `Visitor.codes`."""


NOBODY: Final = Neighbours(np.zeros(0, dtype=np.int32), np.zeros(0), np.zeros(0, dtype=np.intp))


def neighbours_of(
    visitor: Visitor, merged: Merged, setting: Setting, prior: Floats, scratch: Scratch
) -> Neighbours:
    """The sessions that are most like a visitor's; of equals, those that ended later.

    Args:
        visitor: Whose neighbours they are.
        merged: Where to look.
        setting: How to look.
        prior: What each session weighs whoever asks; see `Merged.prior`.
        scratch: Room of this thread's own.
    """
    # The newest item comes last, so that it is what remains of a session with several.
    each = [merged.sessions_of(code, setting.latest) for code in reversed(visitor.codes)]
    places = np.concatenate(each) if each else NOBODY.places
    if not len(places):
        return NOBODY
    # Beyond its reach an item still counts a little: better than nobody like the visitor at all.
    falling = [1 - min(ago, setting.reach - 1) / setting.reach for ago in visitor.ago]
    if len(each) == 1:
        newest = np.zeros(len(places), dtype=np.intp)
        weights = prior.take(places) * (visitor.weights[0] * falling[0])
    else:
        sizes = [len(one) for one in each]
        every = np.arange(len(places))
        # Of several places with the same index NumPy keeps what is assigned last.
        at = places.astype(np.intp)
        scratch.places[at] = every
        stands_for = scratch.places.take(at)
        own = (stands_for == every).nonzero()[0]
        known = np.array(visitor.weights[::-1]).repeat(sizes)
        weights = np.bincount(stands_for, known, len(places)).take(own)
        newest = np.arange(len(each) - 1, -1, -1).repeat(sizes).take(own)
        places = places.take(own)
        weights *= np.array(falling).take(newest)
        weights *= prior.take(places)
    if len(places) > setting.neighbours:
        best = _heaviest(weights, places, setting.neighbours)
        places, weights, newest = places.take(best), weights.take(best), newest.take(best)
    own_sessions = len(merged.index.sessions.ended)
    if merged.delta is not None and (young := places >= own_sessions).any():
        order = np.argsort(young, kind="stable")
        places, weights, newest = places[order], weights[order], newest[order]
    return Neighbours(places, weights, newest)


def _heaviest(weights: Floats, places: Int32s, count: int) -> NDArray[np.intp]:
    """Positions of the heaviest sessions; of those as heavy as the last, the latest."""
    cut = np.partition(weights, -count)[-count]
    surely = np.flatnonzero(weights > cut)
    equal = np.flatnonzero(weights == cut)
    missing = count - len(surely)
    if len(equal) > missing:
        equal = equal[np.argpartition(places[equal], -missing)[-missing:]]
    return np.concatenate([surely, equal])


class Spread(NamedTuple):
    """Each item of each neighbour, `(m,)` each."""

    items: Int32s
    weights: Floats
    """How much the neighbour says for the item."""
    begins: NDArray[np.int64]
    """Where the items of each neighbour begin, and where the last ends, `(n + 1,)`."""


def spread_of(neighbours: Neighbours, visitor: Visitor, merged: Merged, setting: Setting) -> Spread:
    """What neighbours say of the items in them."""
    begins, items = merged.items_of(neighbours.places)
    lengths = begins[1:] - begins[:-1]
    common = np.array(visitor.codes, dtype=np.int32).take(neighbours.newest)
    where = (items == common.repeat(lengths)).nonzero()[0]
    clicks = np.arange(len(items)) - where.repeat(lengths)
    weights = _near(setting.nearness).take(np.abs(clicks, out=clicks), mode="clip")
    weights *= neighbours.weights.repeat(lengths)
    return Spread(items, weights, begins)


@lru_cache
def _near(nearness: float) -> Floats:
    """How much an item counts by the clicks between it and the item in common."""
    found: Floats = np.exp(np.arange(_FAR) / -nearness)
    return found
