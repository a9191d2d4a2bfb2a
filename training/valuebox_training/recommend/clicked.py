"""What clicks on lists teach: how much less an item counts that visitors find by themselves.

What is seen next is not what is clicked on a list: everybody finds the most popular items without
one. Of a list that was clicked, one item was chosen among those beside it. A conditional logit
(McFadden, Conditional logit analysis of qualitative choice behavior, 1974) says how that choice
hangs on what sessions say of each item, on how many sessions have it, and on its position.
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
_STRENGTH, _UNKNOWN, _POPULAR, _POSITION = range(4)
_STEPS: Final = 30
_RIDGE: Final = 1e-2


class Discount(NamedTuple):
    """How much less popular items count."""

    value: float
    """The power to which numbers of sessions are raised; 0 where clicks do not say so surely."""
    estimate: float
    """What clicks say, whether surely or not."""
    error: float
    """Standard error of it."""
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


def learn_discount(
    log: Log, lists: Sequence[ShownList], setting: Setting, ranker: Ranker | None
) -> Discount:
    """Learn from lists that were shown, asked of an index of what had happened before.

    Args:
        log: Sessions of a shop.
        lists: Lists that they were shown.
        setting: How candidates are found.
        ranker: What puts them into order.
    """
    found = sorted(choices(log, lists), key=lambda one: one.time)
    if len(found) < 2 * _FEWEST:
        return Discount(0.0, 0.0, np.inf, len(found))
    later = found[len(found) // 2 :][-_MOST:]
    recommender = Recommender(log.before(later[0].time, setting), None, ranker)
    rows = [_columns(one, recommender) for one in later]
    weights, spread = fitted(rows, [one.clicked for one in later])
    strength, popular = weights[_STRENGTH], weights[_POPULAR]
    errors = np.sqrt(np.diag(spread))
    if strength <= 2 * errors[_STRENGTH]:
        return Discount(0.0, 0.0, np.inf, len(later))
    value = -popular / strength
    # The delta method, of a ratio of two weights.
    slope = np.zeros(4)
    slope[_STRENGTH], slope[_POPULAR] = -value / strength, -1 / strength
    error = float(np.sqrt(slope @ spread @ slope))
    kept = min(float(value), _LARGEST) if value > 2 * error else 0.0
    return Discount(kept, float(value), error, len(later))


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
    """What is known of each item of a list, `(n, 4)`."""
    codes, scores = recommender.strengths(one.seen)
    strengths = dict(zip(codes.tolist(), np.log(np.maximum(scores, 1e-9)).tolist(), strict=True))
    known = [strengths[item] for item in one.items if item in strengths]
    least = min(known, default=0.0)
    sessions = recommender.merged.counts.sessions
    found = np.zeros((len(one.items), 4))
    for position, item in enumerate(one.items):
        found[position, _STRENGTH] = strengths.get(item, least)
        found[position, _UNKNOWN] = item not in strengths
        found[position, _POPULAR] = np.log1p(sessions[item] / RARE) if item >= 0 else 0.0
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
