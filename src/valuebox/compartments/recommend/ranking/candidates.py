"""Candidates of a visitor: what neighbours and rules say of each item that any of them names.

Visitors go back to what they have looked at, the more so the less long ago: such an item is raised.
"""

from math import exp
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
    again: Floats
    """What it is raised by for having been looked at before, from 0 to 1."""
    walked: Floats
    """How much speaks for it one step further; empty unless `walked_on` has told."""
    own: NDArray[np.intp]
    """Place of each among all that was named, which is where `stands_for` points to."""
    stands_for: NDArray[np.intp]
    """Of all that was named, by neighbours and then by rules: the place of the item's first.

    Places of candidates that neither names come last."""
    found: Neighbours
    spread: Spread
    followers: Followers

    def taken(self, at: NDArray[np.intp]) -> "Candidates":
        """Some of the candidates, in the order given."""
        return Candidates(
            self.codes.take(at),
            self.neighbours.take(at),
            self.rules.take(at),
            self.again.take(at),
            self.walked.take(at) if len(self.walked) else self.walked,
            self.own.take(at),
            *self[6:],
        )

    @property
    def by_rules(self) -> NDArray[np.intp]:
        """Of all that rules named: the place of the item's first."""
        far = len(self.spread.items)
        return self.stands_for[far : far + len(self.followers.items)]

    def total(self, setting: Setting) -> NDArray[np.float32]:
        """Score of each candidate: by neighbours, and to shares by rules and for being seen."""
        found = scaled(self.rules) * setting.rules
        found += scaled(self.neighbours)
        found += self.again * setting.again
        return found.astype(np.float32)

    def joined(self, codes: Int32s, walked: Floats) -> "Candidates":
        """With items that neither neighbours nor rules name, and what walking tells of all."""
        nothing = np.zeros(len(codes))
        places = len(self.stands_for) + np.arange(len(codes))
        return self._replace(
            codes=np.concatenate([self.codes, codes]),
            neighbours=np.concatenate([self.neighbours, nothing]),
            rules=np.concatenate([self.rules, nothing]),
            again=np.concatenate([self.again, nothing]),
            walked=walked,
            own=np.concatenate([self.own, places]),
            stands_for=np.concatenate([self.stands_for, places]),
        )


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
        _again(visitor, named, scratch).take(own),
        _NOWHERE,
        own,
        stands_for,
        found,
        spread,
        followers,
    )


_NOTHING: Final = 1e-6
_NOWHERE: Final = np.zeros(0)


def _again(visitor: Visitor, named: NDArray[np.intp], scratch: Scratch) -> Floats:
    """What each named item is raised by for having been looked at before, `(n,)`."""
    found = np.zeros(len(named))
    for code, ago in zip(visitor.codes, visitor.ago, strict=True):
        # Of an item that is not named there may be anything.
        place = scratch.items[code]
        if 0 <= place < len(named) and named[place] == code:
            found[place] = exp(-ago)
    return found


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
