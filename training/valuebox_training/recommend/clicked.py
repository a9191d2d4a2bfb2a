"""What clicks on lists teach: how much items count that are found alone, seen already, or alike.

What is seen next is not what is clicked on a list: everybody finds the most popular items without
one. Of a list that was clicked, one item was chosen among those beside it. A conditional logit
(McFadden, Conditional logit analysis of qualitative choice behavior, 1974) says how that choice
hangs on what sessions say of each item, on how many sessions have it, on whether the visitor has
looked at it before, on how much it is like what the visitor looked at, and on its position. Before
any click it is thought to be as it usually is; the more lists are clicked, the less that counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from valuebox.compartments.recommend.lists import ShownList
from valuebox.compartments.recommend.ranking.clicks import Clicks
from valuebox.compartments.recommend.ranking.neighbours import Visitor
from valuebox.compartments.recommend.ranking.on_lists import USUAL, Counting, Likeness
from valuebox.compartments.recommend.ranking.popular import RARE
from valuebox.compartments.recommend.ranking.ranker import Ranker
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.statistics.arrays import Floats
from valuebox_training.recommend.questions import Log
from valuebox_training.recommend.ranking import Catalogue

_FEWEST: Final = 50
"""Clicked lists that it takes to learn from them."""
_EARLIER: Final = 3
"""Every third clicked list, the earliest, is left out: the index is made of what came by then."""
_MOST: Final = 3_000
"""Clicked lists that are looked at: the newest."""
_RARE_AT_MOST: Final = 0.75
"""Largest discount beside the power of strength: beyond that, items which hardly anybody looks at
would come first by chance."""
_LEAST_STRENGTH: Final = 0.02
"""Where strengths say nothing of clicks, they still say which of equals comes first."""
_LEAST_AGAIN: Final = -3.0
"""Logarithm of the least that an item counts which was looked at before."""
_STRENGTH, _UNKNOWN, _POPULAR, _SEEN, _POSITION, _LIKENESS = range(6)
_USUALLY: Final = 0.5
"""Weight of the logarithm of strength: less than 1, as strengths are not sure."""
_PRIOR: Final = np.array([
    *(_USUALLY, 0.0, -_USUALLY * USUAL.discount, _USUALLY * np.log(USUAL.again)),
    *(-0.7, _USUALLY * USUAL.likeness),
])  # fmt: skip
"""Weights before any click."""
_SURE: Final = np.array([0.3, 2.0, 0.3, 0.8, 0.5, 0.6]) ** -2.0
"""How sure these are, as the inverse of their variance."""
_STEPS: Final = 30
_RIDGE: Final = 1e-2
_NOTHING: Final = 1e-8


class Estimate(NamedTuple):
    """What clicks say of one thing."""

    estimate: float
    """What clicks say, and what is usual as far as they are few."""
    error: float
    """Standard error of it; infinite where clicks say nothing."""


class Taught(NamedTuple):
    """What clicks on lists teach."""

    counting: Counting
    """What is made of it."""
    strength: Estimate
    discount: Estimate
    again: Estimate
    """Of the logarithm."""
    likeness: Estimate
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
    log: Log,
    lists: Sequence[ShownList],
    setting: Setting,
    ranker: Ranker | None,
    catalogue: Catalogue | None = None,
) -> Taught:
    """Learn from lists that were shown, asked of an index of what had happened before.

    Args:
        log: Sessions of a shop.
        lists: Lists that they were shown.
        setting: How candidates are found.
        ranker: What puts them into order.
        catalogue: Categories and prices, all items in stock: what is sold out by now may have been
            clicked; None where nothing is known.
    """
    found = sorted(choices(log, lists), key=lambda one: one.time)
    later = found[len(found) // _EARLIER :][-_MOST:]
    if len(later) < _FEWEST:
        nothing = Estimate(0.0, np.inf)
        return Taught(USUAL, nothing, nothing, nothing, nothing, len(found))
    index = log.before(later[0].time, setting)
    known = None if catalogue is None else catalogue(index)
    recommender = Recommender(index, None, ranker, known)
    likeness = Likeness(recommender.columns)
    rows = [_columns(one, recommender, likeness) for one in later]
    weights, spread = fitted(rows, [one.clicked for one in later], _PRIOR, _SURE)
    errors = np.sqrt(np.diag(spread))
    strength, less, again, alike = (
        Estimate(float(weights[column]), float(errors[column]))
        for column in (_STRENGTH, _POPULAR, _SEEN, _LIKENESS)
    )
    less = Estimate(-less.estimate, less.error)
    power = max(strength.estimate, _LEAST_STRENGTH)
    counting = Counting(
        power,
        min(max(less.estimate, 0.0), _RARE_AT_MOST * power),
        float(np.exp(min(max(again.estimate, _LEAST_AGAIN), 0.0))),
        max(alike.estimate, 0.0),
    )
    return Taught(counting, strength, less, again, alike, len(later))


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


def _columns(one: Choice, recommender: Recommender, likeness: Likeness) -> Floats:
    """What is known of each item of a list, `(n, 6)`."""
    codes, scores = recommender.strengths(one.seen)
    strengths = dict(zip(codes.tolist(), np.log(np.maximum(scores, 1e-9)).tolist(), strict=True))
    known = [strengths[item] for item in one.items if item in strengths]
    least = min(known, default=0.0)
    sessions = recommender.merged.counts.sessions
    found = np.zeros((len(one.items), len(_PRIOR)))
    for position, item in enumerate(one.items):
        found[position, _STRENGTH] = strengths.get(item, least)
        found[position, _UNKNOWN] = item not in strengths
        found[position, _POPULAR] = np.log1p(sessions[item] / RARE) if item >= 0 else 0.0
        found[position, _SEEN] = item in one.seen
        found[position, _POSITION] = np.log1p(position)
    visitor = Visitor.of(one.seen, recommender.setting)
    items = np.array(one.items, dtype=np.int32)
    there = items >= 0
    found[there, _LIKENESS] = likeness.of(visitor, items[there])
    return found


def fitted(
    rows: Sequence[Floats],
    chosen: Sequence[int],
    prior: Floats | float = 0.0,
    sure: Floats | float = _RIDGE,
) -> tuple[Floats, Floats]:
    """Weights of a conditional logit by Newton's method, and their covariance.

    Args:
        rows: Columns of the alternatives of each choice, `(n, k)` each.
        chosen: Which of them was chosen.
        prior: Weights before any choice, `(k,)`.
        sure: How sure these are: the inverse of their variance, `(k,)`.

    Returns:
        `(k,)` and `(k, k)`.
    """
    sizes = [len(one) for one in rows]
    begins = np.cumsum([0, *sizes[:-1]])
    every = np.concatenate(rows)
    taken = every[begins + np.array(chosen)]
    owner = np.repeat(np.arange(len(rows)), sizes)
    weights: Floats = np.zeros(every.shape[1]) + prior
    inverse: Floats = np.zeros((len(weights), len(weights)))

    def likely_by(tried: Floats) -> tuple[Floats, float]:
        utility = every @ tried
        utility -= np.maximum.reduceat(utility, begins)[owner]
        likely = np.exp(utility)
        sums = np.add.reduceat(likely, begins)
        said = utility[begins + np.array(chosen)].sum() - np.log(sums).sum()
        return likely / sums[owner], float(said - (sure * (tried - prior) ** 2).sum() / 2)

    likely, level = likely_by(weights)
    for _ in range(_STEPS):
        mean = np.add.reduceat(every * likely[:, None], begins)
        apart = every - mean[owner]
        inverse[:] = np.linalg.inv(
            (apart * likely[:, None]).T @ apart + np.eye(len(weights)) * sure
        )
        step = inverse @ ((taken - mean).sum(axis=0) - sure * (weights - prior))
        then, higher = likely_by(weights + step)
        # Far from the top a whole step may lead beyond it.
        while higher < level and np.abs(step).max() > _NOTHING:
            step /= 2
            then, higher = likely_by(weights + step)
        weights, likely, level = weights + step, then, higher
        if np.abs(step).max() < _NOTHING:
            break
    return weights, inverse
