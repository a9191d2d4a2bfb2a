"""Candidates of a visitor: what neighbours and rules say of each item that any of them names."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.merged import Merged
from valuebox.compartments.recommend.ranking.neighbours import (
    Neighbours,
    Scratch,
    Spread,
    Visitor,
    neighbours_of,
    spread_of,
)
from valuebox.compartments.recommend.ranking.sessions import Int32s
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.statistics.arrays import Floats


class Followers(NamedTuple):
    """What follows the items of a visitor by the rules, `(m,)` each."""

    items: Int32s
    weights: Floats
    after: NDArray[np.intp]
    """After which item of the visitor: its place in `Visitor.codes`."""


class Candidates(NamedTuple):
    """Items that could be recommended, `(n,)` each, and what they were found with."""

    codes: Int32s
    neighbours: Floats
    """What neighbours say."""
    rules: Floats
    """What rules say."""
    own: NDArray[np.intp]
    """Place of each among all that was named, which is where `stands_for` points to."""
    stands_for: NDArray[np.intp]
    """Of all that was named, by neighbours and then by rules: the place of the item's first."""
    found: Neighbours
    spread: Spread
    followers: Followers

    def taken(self, at: NDArray[np.intp]) -> "Candidates":
        """Some of the candidates, in the order given."""
        return self._replace(
            codes=self.codes[at],
            neighbours=self.neighbours[at],
            rules=self.rules[at],
            own=self.own[at],
        )

    def total(self, share: float) -> NDArray[np.float32]:
        """Score of each candidate: by neighbours, and to a share by rules; the best have 1."""
        found: NDArray[np.float32] = (scaled(self.neighbours) + share * scaled(self.rules)).astype(
            np.float32
        )
        return found


def scaled(scores: Floats) -> Floats:
    """Scores divided by the highest one, as they are where that is not above 0."""
    highest = scores.max(initial=0.0)
    return scores / highest if highest > 0 else scores


def candidates_of(
    visitor: Visitor, merged: Merged, setting: Setting, prior: Floats, scratch: Scratch
) -> Candidates:
    """All items that neighbours or rules name; see `neighbours_of`."""
    found = neighbours_of(visitor, merged, setting, prior, scratch)
    spread = spread_of(found, visitor, merged, setting)
    followers = _followers(visitor, merged, setting)
    named = np.concatenate([spread.items, followers.items])
    every = np.arange(len(named))
    scratch.items[named] = every
    stands_for = scratch.items[named]
    own = np.flatnonzero(stands_for == every)
    codes = named[own]
    far = len(spread.items)
    by_neighbours = np.bincount(stands_for[:far], spread.weights, len(named))[own]
    by_rules = np.bincount(stands_for[far:], followers.weights, len(named))[own]
    return Candidates(
        codes,
        by_neighbours * merged.idf[codes],
        # What a delta takes back leaves a rounding error of nothing.
        np.where(by_rules > _NOTHING, by_rules, 0.0),
        own,
        stands_for,
        found,
        spread,
        followers,
    )


_NOTHING: Final = 1e-6


def _followers(visitor: Visitor, merged: Merged, setting: Setting) -> Followers:
    if not setting.rules:
        return Followers(np.zeros(0, dtype=np.int32), np.zeros(0), np.zeros(0, dtype=np.intp))
    items: list[Int32s] = [np.zeros(0, dtype=np.int32)]
    weights: list[NDArray[np.floating]] = [np.zeros(0)]
    sizes = []
    for code, weight in zip(visitor.codes, visitor.weights, strict=True):
        after, heavy, total = merged.rules_of(code)
        items.append(after)
        weights.append(heavy * (weight / max(total, _NOTHING)))
        sizes.append(len(after))
    return Followers(
        np.concatenate(items),
        np.concatenate(weights),
        np.repeat(np.arange(len(sizes)), sizes),
    )
