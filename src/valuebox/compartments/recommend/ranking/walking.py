"""Candidates a step further: what follows the best ones by the rules, as if these were clicked.

Items that few have looked at hang together over others: whoever looked at one has not looked at the
other, but both have looked at a third.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from valuebox.compartments.recommend.ranking.candidates import Candidates
from valuebox.compartments.recommend.ranking.clicks import spans
from valuebox.compartments.recommend.ranking.merged import Merged
from valuebox.compartments.recommend.ranking.neighbours import Scratch
from valuebox.compartments.recommend.ranking.ordering import best_of
from valuebox.compartments.recommend.ranking.sessions import Int32s
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.statistics.arrays import Mask

BEST: Final = 90
"""Candidates that a ranker puts into order for their scores."""
MORE: Final = 30
"""Candidates that it puts into order for what is a step further."""
_FROM: Final = 40
"""Best candidates from which a step is taken."""


def walked_on(
    found: Candidates,
    merged: Merged,
    setting: Setting,
    scratch: Scratch,
    may_be: Callable[[Int32s], Mask],
    text_of: Callable[[int], str],
) -> Candidates:
    """The best candidates and the best of those a step further, in order of their score.

    Args:
        found: All candidates that may be recommended.
        merged: What they were found in; a step is taken by the rules of its index.
        setting: How they were found.
        scratch: Room of this thread's own.
        may_be: Tells which items may be recommended.
        text_of: Finds the id of an item.
    """
    if not len(found.codes):
        return found._replace(walked=np.zeros(0))
    scores = found.total(setting)
    best = best_of(found.codes, scores, BEST, text_of)
    start = best[:_FROM]
    start = start[found.codes[start] < len(merged.index.ids)]
    rules = merged.index.rules
    begins, at = spans(rules.begins, found.codes[start])
    each = scores[start] / np.maximum(rules.totals[found.codes[start]], _LEAST)
    weights = rules.weights.take(at) * each.repeat(np.diff(begins))
    # Looked up by int32, NumPy takes three times as long.
    named = np.concatenate([rules.items.take(at), found.codes], dtype=np.intp)
    every = np.arange(len(named))
    # An item that is there twice keeps its last place, which is its own where it is a candidate.
    scratch.items[named] = every
    stands_for = scratch.items.take(named[: len(at)])
    walked = np.bincount(stands_for, weights, len(named))
    new = (stands_for == every[: len(at)]).nonzero()[0]
    codes = named.take(new).astype(np.int32)
    kept = may_be(codes)
    codes, new = codes[kept], new[kept]
    whole = found.joined(codes, np.concatenate([walked[len(at) :], walked.take(new)]))
    others = np.ones(len(whole.codes), dtype=bool)
    others[best] = False
    left = np.flatnonzero(others & (whole.walked > 0))
    more = left[best_of(whole.codes[left], whole.walked[left].astype(np.float32), MORE, text_of)]
    chosen = np.concatenate([best, more])
    total = whole.total(setting)[chosen]
    return whole.taken(chosen.take(np.argsort(-total, kind="stable")))


_LEAST: Final = 1e-6
