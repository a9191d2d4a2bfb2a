"""What clicks on lists teach: how much less items count that visitors find alone, or have seen.

What is seen next is not what is clicked on a list: everybody finds the most popular items without
one. Of a list that was clicked, one item was chosen among those beside it. A conditional logit
(McFadden, Conditional logit analysis of qualitative choice behavior, 1974) says how that choice
hangs on what sessions say of each item, on how many sessions have it, on whether the visitor has
looked at it before, and on its position.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from valuebox.compartments.recommend.lists import ShownList
from valuebox.compartments.recommend.ranking.clicks import Clicks
from valuebox.compartments.recommend.ranking.popular import RARE
from valuebox.compartments.recommend.ranking.ranker import Ranker
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.statistics.arrays import Floats
from valuebox_training.recommend.questions import Log

_FEWEST: Final = 200
"""Clicked lists that it takes to learn from them."""
_MOST: Final = 3_000
"""Clicked lists that are looked at: the newest."""
_LARGEST: Final = 0.75
"""Beyond that, items which hardly anybody looks at would come first by chance."""
_LEAST: Final = -3.0
"""Logarithm of the least that an item counts which was looked at before."""
_STRENGTH, _UNKNOWN, _POPULAR, _SEEN, _POSITION = range(5)
_STEPS: Final = 30
_RIDGE: Final = 1e-2


class Estimate(NamedTuple):
    """What clicks say of one thing."""

    value: float
    """What is made of it: nothing is changed where clicks do not say so surely."""
    estimate: float
    """What clicks say, whether surely or not."""
    error: float
    """Standard error of it; infinite where clicks say nothing."""


class Taught(NamedTuple):
    """What clicks on lists teach."""

    discount: Estimate
    """The power of the number of sessions with an item, by which its score is divided."""
    again: Estimate
    """What scores of items are multiplied by that were looked at before; the estimate and its
    error are of the logarithm."""
    lists: int
    """Clicked lists that were looked at."""


class Choice(NamedTuple):
    """A list that was clicked."""

    time: float
    seen: list[int]
    """Codes of the items seen before, oldest first."""
    items: list[int]
    """Codes of the items of the list, by position; -1 for one that no session has."""
    clicked: int
    """Position of the item that was clicked."""


def learn_of_clicks(
    log: Log, lists: Sequence[ShownList], setting: Setting, ranker: Ranker | None
) -> Taught:
    """Learn from lists that were shown, asked of an index of what had happened before.

    Args:
        log: Sessions of a shop.
        lists: Lists that they were shown.
        setting: How candidates are found.
        ranker: What puts them into order.
    """
    found = sorted(choices(log, lists), key=lambda one: one.time)
    nothing = Taught(Estimate(0.0, 0.0, np.inf), Estimate(1.0, 0.0, np.inf), len(found))
    if len(found) < 2 * _FEWEST:
        return nothing
    later = found[len(found) // 2 :][-_MOST:]
    recommender = Recommender(log.before(later[0].time, setting), None, ranker)
    rows = [_columns(one, recommender) for one in later]
    weights, spread = fitted(rows, [one.clicked for one in later])
    if weights[_STRENGTH] <= 2 * np.sqrt(spread[_STRENGTH, _STRENGTH]):
        return nothing
    less, error = _beside_strength(_POPULAR, weights, spread)
    is_sure = -less > 2 * error
    discount = Estimate(min(-less, _LARGEST) if is_sure else 0.0, -less, error)
    seen, error = _beside_strength(_SEEN, weights, spread)
    factor = float(np.exp(max(seen, _LEAST))) if -seen > 2 * error else 1.0
    return Taught(discount, Estimate(factor, seen, error), len(later))


def _beside_strength(column: int, weights: Floats, spread: Floats) -> tuple[float, float]:
    """The weight of a column as a multiple of that of strength, and its error (delta method)."""
    ratio = weights[column] / weights[_STRENGTH]
    slope = np.zeros(len(weights))
    slope[_STRENGTH], slope[column] = -ratio / weights[_STRENGTH], 1 / weights[_STRENGTH]
    return float(ratio), float(np.sqrt(slope @ spread @ slope))


def choices(log: Log, lists: Sequence[ShownList]) -> Iterator[Choice]:
    """Lists of which the visitor looked at an item next.

    Where views tell which list they came from, those that tell count alone: an item of a list may
    be found without it, the most popular ones above all.
    """
    clicks = log.clicks
    codes = {item: code for code, item in enumerate(log.item_ids)}
    parts = _parts(clicks)
    is_told = any(one.clicked is not None for one in lists)
    for one in lists:
        for part in parts.get(one.session, ()) if one.clicked is not None or not is_told else ():
            own = slice(clicks.begins[part], clicks.begins[part + 1])
            # A view of the very moment comes first: on that page the list was shown.
            place = int(np.searchsorted(clicks.times[own], one.time, side="right"))
            items = clicks.items[own].tolist()
            if not 0 < place < len(items):
                continue
            listed = [codes.get(item, -1) for item in one.items]
            then = items[place] if one.clicked is None else codes.get(one.clicked, -1)
            if then >= 0 and then in listed and len(listed) > 1:
                yield Choice(one.time, items[:place], listed, listed.index(then))


def _parts(clicks: Clicks) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for place, key in enumerate(clicks.keys.tolist()):
        found.setdefault(key, []).append(place)
    return found


def _columns(one: Choice, recommender: Recommender) -> Floats:
    """What is known of each item of a list, `(n, 5)`."""
    codes, scores = recommender.strengths(one.seen)
    strengths = dict(zip(codes.tolist(), np.log(np.maximum(scores, 1e-9)).tolist(), strict=True))
    known = [strengths[item] for item in one.items if item in strengths]
    least = min(known, default=0.0)
    sessions = recommender.merged.counts.sessions
    found = np.zeros((len(one.items), 5))
    for position, item in enumerate(one.items):
        found[position, _STRENGTH] = strengths.get(item, least)
        found[position, _UNKNOWN] = item not in strengths
        found[position, _POPULAR] = np.log1p(sessions[item] / RARE) if item >= 0 else 0.0
        found[position, _SEEN] = item in one.seen
        found[position, _POSITION] = np.log1p(position)
    return found


def fitted(rows: Sequence[Floats], chosen: Sequence[int]) -> tuple[Floats, Floats]:
    """Weights of a conditional logit by Newton's method, and their covariance.

    Args:
        rows: Columns of the alternatives of each choice, `(n, k)` each.
        chosen: Which of them was chosen.

    Returns:
        `(k,)` and `(k, k)`.
    """
    sizes = [len(one) for one in rows]
    begins = np.cumsum([0, *sizes[:-1]])
    every = np.concatenate(rows)
    taken = every[begins + np.array(chosen)]
    owner = np.repeat(np.arange(len(rows)), sizes)
    weights: Floats = np.zeros(every.shape[1])
    inverse: Floats = np.zeros((len(weights), len(weights)))
    for _ in range(_STEPS):
        utility = every @ weights
        utility -= np.maximum.reduceat(utility, begins)[owner]
        likely = np.exp(utility)
        likely /= np.add.reduceat(likely, begins)[owner]
        mean = np.add.reduceat(every * likely[:, None], begins)
        apart = every - mean[owner]
        inverse[:] = np.linalg.inv(
            (apart * likely[:, None]).T @ apart + _RIDGE * np.eye(len(weights))
        )
        step = inverse @ ((taken - mean).sum(axis=0) - _RIDGE * weights)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return weights, inverse
