"""Because you looked at: which of the visitor's items an item was recommended for."""

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.candidates import Candidates
from valuebox.compartments.recommend.ranking.merged import Merged
from valuebox.compartments.recommend.ranking.neighbours import Visitor
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.statistics.arrays import Floats


def parts_of(
    chosen: NDArray[np.integer],
    candidates: Candidates,
    visitor: Visitor,
    merged: Merged,
    setting: Setting,
) -> Floats:
    """How much each item of a visitor has contributed to the score of each chosen item.

    Each neighbour's part is shared among the items in common, by their weights.

    Args:
        chosen: Places among the candidates, `(n,)`.
        candidates: What was found for the visitor.
        visitor: The visitor.
        merged: What the candidates were found in.
        setting: How they were found.

    Returns:
        `(len(visitor.codes), n)`; the sum of a column is the item's score before it was scaled, of
        neighbours and rules each divided by its highest score among the candidates.
    """
    found, spread = candidates.found, candidates.spread
    column = np.full(len(candidates.stands_for), -1, dtype=np.intp)
    column[candidates.own[chosen]] = np.arange(len(chosen))
    column = column[candidates.stands_for]
    far = len(spread.items)
    named = np.flatnonzero(column[:far] >= 0)
    neighbour = np.repeat(np.arange(len(found.places)), np.diff(spread.begins))[named]
    said = np.zeros((len(found.places), len(chosen)))
    said[neighbour, column[named]] = spread.weights[named]
    said *= merged.idf[candidates.codes[chosen]]
    common = _in_common(candidates, visitor, merged, setting)
    parts: Floats = common @ said / _highest(candidates.neighbours)
    followers = candidates.followers
    column = column[far : far + len(followers.items)]
    after = np.flatnonzero(column >= 0)
    rules = np.zeros_like(parts)
    np.add.at(rules, (followers.after[after], column[after]), followers.weights[after])
    parts += setting.rules * rules / _highest(candidates.rules)
    itself = np.array(visitor.codes)[:, None] == candidates.codes[chosen]
    parts += setting.again * itself * candidates.again[chosen]
    return parts


def _in_common(
    candidates: Candidates, visitor: Visitor, merged: Merged, setting: Setting
) -> Floats:
    """Share of each item of the visitor in each neighbour, `(n_codes, n_neighbours)`."""
    places = candidates.found.places
    shares = np.zeros((len(visitor.codes), len(places)))
    order = np.argsort(places)
    ordered = places[order]
    for row, (code, weight) in enumerate(zip(visitor.codes, visitor.weights, strict=True)):
        theirs = merged.sessions_of(code, setting.latest)
        if len(theirs) and len(places):
            at = np.minimum(np.searchsorted(ordered, theirs), len(places) - 1)
            shares[row, order[at[ordered[at] == theirs]]] = weight
    found: Floats = shares / np.maximum(shares.sum(axis=0), 1e-12)
    return found


def _highest(scores: Floats) -> float:
    highest = float(scores.max(initial=0.0))
    return highest if highest > 0 else 1.0
