"""How well the next item is foretold: hit rate and mean reciprocal rank of the first twenty."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.statistics.arrays import Floats
from valuebox_training.recommend.questions import Question

FIRST = 20


class Measured(NamedTuple):
    """Answers to questions, `(n,)` each."""

    session: Floats
    rank: Floats
    """Place of the next item among those recommended, from 1; infinite where it is none of them."""

    @property
    def hit_rate(self) -> float:
        """Share of questions whose next item is among the first twenty."""
        return float(np.isfinite(self.rank).mean()) if len(self.rank) else 0.0

    @property
    def reciprocal(self) -> float:
        """Mean of one divided by the rank; 0 counts where the item is none of them."""
        return float((1 / self.rank).mean()) if len(self.rank) else 0.0

    @property
    def discounted(self) -> Floats:
        """Discounted gain of each answer, `1 / log2(1 + rank)`: the first places count most.

        It lies between the other two: a hit counts at any place, and the more the higher it is.
        """
        found: Floats = 1 / np.log2(1 + self.rank)
        return found


class Gain(NamedTuple):
    """By how much one way to answer is better than another at the same questions."""

    mean: float
    """Difference of the mean discounted gains."""
    error: float
    """Standard error of it; questions of a session hang together."""


def measured(
    recommender: Recommender, questions: Iterable[Question], fresh: bool = True
) -> Measured:
    """Ask a recommender all questions.

    Args:
        recommender: Whose codes are those of the questions.
        questions: What was seen, and what was seen next.
        fresh: Whether the item being looked at is left out: questions that it is the answer to are
            none then.
    """
    sessions, ranks = [], []
    for one in questions:
        if fresh and one.next == one.seen[-1]:
            continue
        found = recommender.best(one.seen, FIRST, fresh=fresh)
        at = np.flatnonzero(found == one.next)
        sessions.append(one.session)
        ranks.append(float(at[0]) + 1 if len(at) else np.inf)
    return Measured(np.array(sessions, dtype=float), np.array(ranks, dtype=float))


def gain(one: Measured, other: Measured) -> Gain:
    """By how much the first is better; both have answered the same questions."""
    difference = one.discounted - other.discounted
    if not len(difference):
        return Gain(0.0, np.inf)
    mean = float(difference.mean())
    _, place = np.unique(one.session, return_inverse=True)
    sums = np.bincount(place, difference - mean)
    return Gain(mean, float(np.sqrt((sums**2).sum())) / len(difference))
