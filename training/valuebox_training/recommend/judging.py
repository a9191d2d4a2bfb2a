"""Lists judged: hits and ranks, how many items they name and how popular these are."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox_training.recommend.measuring import FIRST, Measured
from valuebox_training.recommend.questions import Question

Lists = Iterable[Sequence[int]]
"""For each question codes of at least twenty-one items, the best first, where there are so many."""
WANTED: Final = FIRST + 1
"""Items that a list has at most before the item being looked at is left out."""
_WIDE: Final = 1.96
"""Standard errors on either side of 95 of 100 means."""


class Share(NamedTuple):
    """A mean over questions, and how sure it is."""

    mean: float
    spread: float
    """Half of its interval of 95 %; questions of a session hang together."""

    @classmethod
    def of(cls, values: NDArray[np.floating], session: NDArray[np.floating]) -> "Share":
        """The mean of values of questions, of which several are of a session, `(n,)` each."""
        if not len(values):
            return cls(0.0, 0.0)
        mean = float(values.mean())
        _, place = np.unique(session, return_inverse=True)
        sums = np.bincount(place, values - mean)
        return cls(mean, _WIDE * float(np.sqrt((sums**2).sum())) / len(values))


class Judged(NamedTuple):
    """What became of the lists of one way to recommend."""

    measured: Measured
    hit_rate: Share
    reciprocal: Share
    coverage: float
    """Share of all items that are on any list."""
    bias: float
    """How many times as often as the mean item those of lists were clicked."""


def judged(
    clicked: NDArray[np.integer], questions: Sequence[Question], lists: Lists, fresh: bool
) -> Judged:
    """Judge lists.

    Args:
        clicked: How often each item was clicked in what was learned from, `(n_items,)`.
        questions: What was seen, and what came next.
        lists: One for each question.
        fresh: Whether the item being looked at is left out; questions that it is the answer to are
            then none.
    """
    sessions, ranks, named = [], [], []
    for question, found in zip(questions, lists, strict=True):
        last = question.seen[-1]
        if fresh and question.next == last:
            continue
        best = [item for item in found if not fresh or item != last][:FIRST]
        named += best
        sessions.append(float(question.session))
        ranks.append(best.index(question.next) + 1 if question.next in best else np.inf)
    measured = Measured(np.array(sessions), np.array(ranks))
    popularity = clicked / max(float(clicked.mean()), 1e-9)
    return Judged(
        measured,
        Share.of(np.isfinite(measured.rank).astype(float), measured.session),
        Share.of(1 / measured.rank, measured.session),
        len(set(named)) / max(len(clicked), 1),
        float(popularity[named].mean()) if named else 0.0,
    )


def listed(scores: Callable[[list[int]], dict[int, float]], seen: list[int]) -> list[int]:
    """The best items by the scores of a reference."""
    found = scores(seen)
    return sorted(found, key=lambda item: (-found[item], item))[:WANTED]
