"""Candidates as a matrix for trees: the only place that knows columns, in training and serving."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.attributes import NO_CATEGORY, Columns
from valuebox.compartments.recommend.ranking.candidates import Candidates, scaled
from valuebox.compartments.recommend.ranking.merged import Merged
from valuebox.compartments.recommend.ranking.neighbours import Visitor
from valuebox.compartments.recommend.ranking.setting import DAY, Setting
from valuebox.statistics.arrays import Floats

COLUMNS: Final = (
    "score",
    "rank",
    "neighbours",
    "neighbours rank",
    "rules",
    "rules rank",
    "neighbours with it",
    "neighbours of the last item with it",
    "nearness",
    "follows the last item",
    "follows the last item, rank",
    "walked",
    "walked, beside the most",
    "walked, rank",
    "popularity",
    "popularity of the last day",
    "days since its first click",
    "days since its last click",
    "clicks ago",
    "times seen",
    "clicks of the visitor",
    "items of the visitor",
    "neighbours found",
    "weight of neighbours",
    "popularity of the last item",
    "price to that of the last item",
    "category of the last item",
    "categories of the visitor",
)
"""Names of the columns: what is said of a candidate, then of the visitor, then by a catalogue."""
_LEAST: Final = 1e-6


class _Said(NamedTuple):
    """What neighbours say of each candidate, counted, `(n,)` each."""

    neighbours: Floats
    of_last: Floats
    nearness: Floats


def matrix_of(
    candidates: Candidates,
    visitor: Visitor,
    clicks: list[int],
    merged: Merged,
    columns: Columns,
    setting: Setting,
) -> NDArray[np.float32]:
    """The matrix of the candidates of one visitor, `(n, len(COLUMNS))`; NaN is missing.

    Args:
        candidates: In order of their score.
        visitor: Whose candidates they are.
        clicks: Codes of the visitor's clicks, oldest first; -1 for items not known.
        merged: What the candidates were found in.
        columns: What a catalogue knows of all items.
        setting: How they were found.
    """
    codes = candidates.codes
    n = len(codes)
    found = np.empty((len(COLUMNS), n), dtype=np.float32)
    found[0] = candidates.total(setting)
    found[1] = np.arange(n)
    found[2] = scaled(candidates.neighbours)
    found[3] = _ranks(candidates.neighbours)
    found[4] = scaled(candidates.rules)
    found[5] = _ranks(candidates.rules)
    found[6:9] = _said(candidates)
    found[9] = follows = _follows(candidates, visitor)
    found[10] = _ranks(follows)
    found[11] = candidates.walked
    found[12] = scaled(candidates.walked)
    found[13] = _ranks(candidates.walked)
    found[14:18] = _popularity(codes, merged)
    ago = np.array([*visitor.ago, np.nan])
    seen = codes[:, None] == np.array([*visitor.codes, -1])
    seen[:, -1] |= ~seen.any(axis=1)
    found[18] = ago[seen.argmax(axis=1)]
    found[19] = (codes[:, None] == np.array(clicks)).sum(axis=1)
    found[20] = len(clicks)
    found[21] = len(visitor.codes)
    found[22] = len(candidates.found.places)
    found[23] = np.log(candidates.found.weights.sum() + _LEAST)
    last = visitor.codes[0] if visitor.codes else 0
    found[24] = np.log(max(int(merged.counts.sessions[last]), 1))
    found[25:28] = _catalogue(codes, clicks, columns)
    return np.ascontiguousarray(found.T)


def _ranks(scores: Floats) -> Floats:
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return ranks


def _said(candidates: Candidates) -> _Said:
    found, spread = candidates.found, candidates.spread
    named = candidates.stands_for[: len(spread.items)]
    size = len(candidates.stands_for)
    lengths = np.diff(spread.begins)
    of_last = np.repeat(found.newest == 0, lengths)
    counts = np.bincount(named, minlength=size)[candidates.own]
    last = np.bincount(named, of_last, size)[candidates.own]
    weights = np.bincount(named, np.repeat(found.weights, lengths), size)[candidates.own]
    said = np.bincount(named, spread.weights, size)[candidates.own]
    return _Said(
        counts / max(len(found.places), 1),
        last / max(int((found.newest == 0).sum()), 1),
        said / np.maximum(weights, _LEAST * _LEAST),
    )


def _follows(candidates: Candidates, visitor: Visitor) -> Floats:
    """Share that a candidate has of what follows the visitor's last known item."""
    followers = candidates.followers
    own = followers.after == 0
    named = candidates.by_rules[own]
    if not len(named):
        return np.zeros(len(candidates.codes))
    size = len(candidates.stands_for)
    weight = np.bincount(named, followers.weights[own], size)[candidates.own]
    found: Floats = np.maximum(weight / visitor.weights[0], 0.0)
    return found


def _popularity(codes: NDArray[np.int32], merged: Merged) -> list[Floats]:
    counts = merged.counts
    # Shares, and not counts: a ranker learns with a smaller index than it is asked with.
    everybody, today = merged.sessions_ever, merged.sessions_lately
    now = merged.until - merged.index.origin
    return [
        np.log((counts.sessions[codes] + 0.5) / everybody),
        np.log((counts.day[codes] + 0.5) / today),
        np.log1p(np.maximum(now - counts.first[codes], 0) / DAY),
        np.log1p(np.maximum(now - counts.last[codes], 0) / DAY),
    ]


def _catalogue(codes: NDArray[np.int32], clicks: list[int], columns: Columns) -> list[Floats]:
    seen = np.array([code for code in clicks if code >= 0], dtype=np.int32)
    if not len(seen):
        return [np.full(len(codes), np.nan)] * 3
    last = seen[-1]
    price, beside = (
        np.where(one > 0, one, np.nan) for one in (columns.price[codes], columns.price[last])
    )
    ratio = np.log(price / beside)
    category, theirs = columns.category[codes], columns.category[seen]
    unknown = category == NO_CATEGORY
    same = np.where(unknown | (theirs[-1] == NO_CATEGORY), np.nan, category == theirs[-1])
    share = (category[:, None] == theirs).mean(axis=1)
    return [ratio, same, np.where(unknown, np.nan, share)]
