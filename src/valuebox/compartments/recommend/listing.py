"""A list for a visitor: what the index recommends, by the shop's rules."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from valuebox.compartments.recommend.catalogue import Known
from valuebox.compartments.recommend.ranking.recommender import Recommended
from valuebox.compartments.recommend.schemas import RecommendQuestion
from valuebox.compartments.recommend.shop import Snapshot

PERSONAL: Final = "personal"
POPULAR: Final = "popular"
NO_INDEX: Final = "no_index"
NO_VIEWS: Final = "no_views"
_SPARE: Final = 4
"""How many times as many items are looked at, where rules may move or leave some out."""
_LEAST: Final = 60


class Made(NamedTuple):
    """A list, and how it was made."""

    items: list[dict[str, Any]]
    """`item` and `score` of each, and `because_of` where that was asked for."""
    fallback: str | None


def make(
    snapshot: Snapshot | None,
    question: RecommendQuestion,
    arm: str,
    seen: Sequence[str],
    bought: Collection[str] = (),
) -> Made:
    """Make a list.

    Args:
        snapshot: What is known of the shop; None where that is nothing yet.
        question: What may be listed.
        arm: `PERSONAL`, or else an arm whose lists are of popular items.
        seen: Items that the visitor has looked at, the latest last.
        bought: Items that the visitor has bought, which are not listed.
    """
    if snapshot is None:
        return Made([], NO_INDEX)
    exclude = {*question.exclude, *bought, *question.pin}
    if arm != PERSONAL and seen:
        # What is looked at is no recommendation, whoever recommends it.
        exclude |= set(seen if question.unseen else seen[-1:] if question.fresh else ())
    has_rules = question.most_of_a_category is not None or snapshot.has_boosts
    count = max(_LEAST, _SPARE * question.count) if has_rules else question.count
    found = _found(snapshot, question, arm, seen, exclude, count)
    rows = _rows(found, question.explain)
    if snapshot.has_boosts:
        rows = _boosted(rows, snapshot.items)
    if question.most_of_a_category is not None:
        rows = _capped(rows, snapshot.items, question.most_of_a_category)
    pinned = [
        {"item": one, "score": 1.0, **({"because_of": []} if question.explain else {})}
        for one in _pinned(snapshot, question, bought)
    ]
    fallback = NO_VIEWS if arm == PERSONAL and found.generator == "popular" else None
    return Made([*pinned, *rows][: question.count], fallback)


def _found(
    snapshot: Snapshot,
    question: RecommendQuestion,
    arm: str,
    seen: Sequence[str],
    exclude: Collection[str],
    count: int,
) -> Recommended:
    recommender = snapshot.fresh if question.fresh else snapshot.repeating
    if arm != PERSONAL:
        return recommender.popular(count, exclude=exclude, only=question.only)
    return recommender.answer(
        seen,
        count,
        fresh=question.fresh,
        again=not question.unseen,
        exclude=exclude,
        only=question.only,
        explain=question.explain,
    )


def _rows(found: Recommended, explain: bool) -> list[dict[str, Any]]:
    pairs = zip(found.items, found.scores, strict=True)
    rows: list[dict[str, Any]] = [{"item": item, "score": score} for item, score in pairs]
    if explain:
        reasons = found.reasons or [None] * len(rows)
        for row, reason in zip(rows, reasons, strict=True):
            row["because_of"] = [] if reason is None else [reason]
    return rows


def _boosted(rows: list[dict[str, Any]], items: Mapping[str, Known]) -> list[dict[str, Any]]:
    for row in rows:
        known = items.get(row["item"])
        row["score"] *= 1.0 if known is None else known.boost
    return sorted(rows, key=lambda row: -row["score"])


def _capped(
    rows: list[dict[str, Any]], items: Mapping[str, Known], most: int
) -> list[dict[str, Any]]:
    listed: Counter[str] = Counter()
    kept = []
    for row in rows:
        known = items.get(row["item"])
        category = None if known is None else known.category
        if category is None or listed[category] < most:
            kept.append(row)
        if category is not None:
            listed[category] += 1
    return kept


def _pinned(
    snapshot: Snapshot, question: RecommendQuestion, bought: Collection[str]
) -> Sequence[str]:
    left_out = {*question.exclude, *bought}
    only = question.only
    return [
        one
        for one in dict.fromkeys(question.pin)
        if one not in left_out and (only is None or one in only) and snapshot.may_be_listed(one)
    ]
