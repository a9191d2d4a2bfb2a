"""Lists of contenders, judged: hits, ranks, how many items they name and how popular these are."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from benchmarks.recommend.sets import Sessions

from valuebox_training.recommend.questions import Question

FIRST: Final = 20
Lists = Sequence[Sequence[int]]
"""For each question codes of at least twenty-one items, the best first, where there are so many."""


class Judged(NamedTuple):
    """What became of the lists of a contender, in one protocol."""

    hit_rate: float
    reciprocal: float
    coverage: float
    """Share of all items that are on any list."""
    bias: float
    """How many times as often as the mean item those of lists were clicked."""


def judged(of: Sessions, questions: Sequence[Question], lists: Lists, fresh: bool) -> Judged:
    """Judge lists.

    Args:
        of: What was learned from.
        questions: What was seen, and what came next.
        lists: One for each question.
        fresh: Whether the item being looked at is left out; questions that it is the answer to are
            then none.
    """
    ranks, named = [], []
    for question, found in zip(questions, lists, strict=True):
        last = question.seen[-1]
        if fresh and question.next == last:
            continue
        best = [item for item in found if not fresh or item != last][:FIRST]
        named += best
        ranks.append(best.index(question.next) + 1 if question.next in best else np.inf)
    popularity = np.bincount(of.items, minlength=len(of.ids)) / len(of.items) * len(of.ids)
    return Judged(
        float(np.isfinite(ranks).mean()),
        float((1 / np.array(ranks)).mean()),
        len(set(named)) / len(of.ids),
        float(popularity[named].mean()) if named else 0.0,
    )


def listed(scores: Callable[[list[int]], dict[int, float]], question: Question) -> list[int]:
    """The best items by the scores of a reference."""
    found = scores(question.seen)
    best = sorted(found, key=lambda item: (-found[item], item))
    return best[: FIRST + 1]
