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
    sizes: tuple[int, ...]
    """How many of them follow each item of the visitor, in the order of `Visitor.codes`."""

    @property
    def after(self) -> NDArray[np.intp]:
        """After which item of the visitor each comes: its place in `Visitor.codes`."""
        return np.arange(len(self.sizes)).repeat(self.sizes)


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
        return Candidates(
            self.codes.take(at),
            self.neighbours.take(at),
            self.rules.take(at),
            self.own.take(at),
            *self[4:],
        )

    def total(self, share: float) -> NDArray[np.float32]:
        """Score of each candidate: by neighbours, and to a share by rules; the best have 1."""
        found = scaled(self.rules) * share
        found += scaled(self.neighbours)
        return found.astype(np.float32)


def scaled(scores: Floats) -> Floats:
    """Scores divided by the highest one, as they are where that is not above 0."""
    highest = scores.max() if len(scores) else 0.0
    return scores / highest if highest > 0 else scores


def candidates_of(
    visitor: Visitor, merged: Merged, setting: Setting, prior: Floats, scratch: Scratch
) -> Candidates:
    """All items that neighbours or rules name; see `neighbours_of`."""
    found = neighbours_of(visitor, merged, setting, prior, scratch)
    spread = spread_of(found, visitor, merged, setting)
    followers = _followers(visitor, merged, setting)
    # Looked up by int32, NumPy takes three times as long.
    named = np.concatenate([spread.items, followers.items], dtype=np.intp)
    every = np.arange(len(named))
    scratch.items[named] = every
    stands_for = scratch.items.take(named)
    own = (stands_for == every).nonzero()[0]
    codes = named.take(own)
    far = len(spread.items)
    by_neighbours = np.bincount(stands_for[:far], spread.weights, len(named)).take(own)
    by_rules = np.bincount(stands_for[far:], followers.weights, len(named)).take(own)
    return Candidates(
        codes.astype(np.int32),
        by_neighbours * merged.idf.take(codes),
        # What a delta takes back leaves a rounding error of nothing.
        by_rules * (by_rules > _NOTHING),
        own,
        stands_for,
        found,
        spread,
        followers,
    )


_NOTHING: Final = 1e-6


def _followers(visitor: Visitor, merged: Merged, setting: Setting) -> Followers:
    if not setting.rules or not visitor.codes:
        return Followers(np.zeros(0, dtype=np.int32), np.zeros(0), ())
    each = [merged.rules_of(code) for code in visitor.codes]
    sizes = tuple([len(after) for after, _, _ in each])
    shares = [
        weight / max(total, _NOTHING)
        for weight, (_, _, total) in zip(visitor.weights, each, strict=True)
    ]
    return Followers(
        np.concatenate([after for after, _, _ in each]),
        np.concatenate([heavy for _, heavy, _ in each]) * np.array(shares).repeat(sizes),
        sizes,
    )
