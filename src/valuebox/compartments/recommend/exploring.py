"""The last place of a few lists tries an item that nobody has looked at yet."""

from collections.abc import Collection, Sequence
from math import exp
from typing import Any, Final

import numpy as np

from valuebox.compartments.recommend.listing import PERSONAL, Made
from valuebox.compartments.recommend.proof.assignment import place
from valuebox.compartments.recommend.schemas import RecommendQuestion
from valuebox.compartments.recommend.shop import Snapshot

AMONG: Final = 10
"""New items that are most like what the visitor looked at, one of which is tried."""


def explored(
    made: Made,
    snapshot: Snapshot | None,
    question: RecommendQuestion,
    arm: str,
    seen: Sequence[str],
    bought: Collection[str] = (),
) -> Made:
    """The list itself, or with a new item of a like category and price in the last place.

    Sessions alone would never list an item that no session has. Which lists try one is decided by
    a hash of session and items, so that all workers say the same; the item has `explored`, the
    probability with which it was chosen.

    Args:
        made: The list.
        snapshot: What is known of the shop.
        question: What may be listed, and the share of lists that try something.
        arm: Lists of popular items try nothing.
        seen: Items that the visitor has looked at, the latest last.
        bought: Items that the visitor has bought.
    """
    is_bound = question.only is not None or question.most_of_a_category is not None
    full = 1 < question.count == len(made.items) > len(question.pin)
    if snapshot is None or arm != PERSONAL or made.fallback or is_bound or not full:
        return made
    named = question.source, question.session, *seen
    if place("explore", *named) >= question.explore:
        return made
    recommender = snapshot.fresh
    setting = recommender.setting
    known = [
        (code, exp(-ago / setting.fading))
        for ago, code in enumerate(map(recommender.code_of, reversed(seen[-setting.longest :])))
        if code >= 0
    ]
    codes = np.array([code for code, _ in known], dtype=np.int32)
    weights = np.array([weight for _, weight in known])
    listed = {row["item"] for row in made.items}
    left_out = {*question.exclude, *bought, *seen, *listed}
    near, likeness = recommender.unseen.nearest(codes, weights, AMONG)
    new = [
        (text, like)
        for code, like in zip(near.tolist(), likeness.tolist(), strict=True)
        if like > 0 and (text := recommender.text_of(code)) not in left_out
    ]
    if not new:
        return made
    item, like = new[int(place("which", *named) * len(new))]
    row: dict[str, Any] = {"item": item, "score": like, "explored": question.explore / len(new)}
    if question.explain:
        row["because_of"] = list(seen[-1:])
    return made._replace(items=[*made.items[:-1], row])
