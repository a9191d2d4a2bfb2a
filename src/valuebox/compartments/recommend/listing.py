"""A list for a visitor: what the index recommends, by the shop's rules."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from valuebox.compartments.recommend.catalogue import Known
from valuebox.compartments.recommend.proof.interleaving import INTERLEAVED, NOBODY, draft
from valuebox.compartments.recommend.ranking.recommender import Recommended
from valuebox.compartments.recommend.schemas import RecommendQuestion
from valuebox.compartments.recommend.shop import Snapshot

PERSONAL: Final = "personal"
POPULAR: Final = "popular"
NO_INDEX: Final = "no_index"
NO_VIEWS: Final = "no_views"
RANKINGS: Final = (POPULAR, PERSONAL)
"""The rankings of interleaved lists, as `draft` counts them."""
_SPARE: Final = 4
"""How many times as many items are looked at, where rules may move or leave some out."""
_LEAST: Final = 60


class Made(NamedTuple):
    """A list, and how it was made."""

    items: list[dict[str, Any]]
    """`item` and `score` of each; `because_of` where that was asked for, and `picked_by` in lists
    of two rankings."""
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
        arm: `PERSONAL`; `INTERLEAVED` for popular and personal items by turns; or else an arm whose
            lists are of popular items.
        seen: Items that the visitor has looked at, the latest last.
        bought: Items that the visitor has bought, which are not listed.
    """
    if snapshot is None:
        return Made([], NO_INDEX)
    pinned = [
        {"item": one, "score": 1.0, **({"because_of": []} if question.explain else {})}
        for one in _pinned(snapshot, question, bought)
    ]
    if arm == INTERLEAVED:
        most = question.count - len(pinned)
        rows, fallback = _interleaved(snapshot, question, seen, bought, most)
    else:
        rows, fallback = _ranked(snapshot, question, arm, seen, bought)
    if question.most_of_a_category is not None:
        rows = _capped(rows, snapshot.items, question.most_of_a_category)
    return Made([*pinned, *rows][: question.count], fallback)


def _ranked(
    snapshot: Snapshot,
    question: RecommendQuestion,
    arm: str,
    seen: Sequence[str],
    bought: Collection[str],
) -> Made:
    """Items of one ranking, before anything is pinned or a category is bounded."""
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
    return Made(rows, NO_VIEWS if arm == PERSONAL and found.generator == "popular" else None)


def _interleaved(
    snapshot: Snapshot,
    question: RecommendQuestion,
    seen: Sequence[str],
    bought: Collection[str],
    most: int,
) -> Made:
    """Popular and personal items by turns; a bounded category is bounded while they are picked.

    Where nothing is known of the visitor both would pick the same, and no click says anything.
    """
    personal = _ranked(snapshot, question, PERSONAL, seen, bought)
    if personal.fallback is not None:
        return personal
    popular = _ranked(snapshot, question, POPULAR, seen, bought)
    first, second = ({row["item"]: row for row in made.items} for made in (popular, personal))
    experiment = "" if snapshot.experiment is None else snapshot.experiment.name
    drafted = draft(
        [*first],
        [*second],
        most,
        "\0".join((question.source, experiment, question.session, *seen)),
        {
            item: known.category
            for item in (*first, *second)
            if (known := snapshot.items.get(item)) is not None and known.category is not None
        },
        question.most_of_a_category,
    )
    return Made([_picked(first, second, *one) for one in zip(*drafted, strict=True)], None)


def _picked(
    first: Mapping[str, dict[str, Any]], second: Mapping[str, dict[str, Any]], item: str, team: int
) -> dict[str, Any]:
    if team == NOBODY:
        return first.get(item) or second[item]
    return {**(first, second)[team][item], "picked_by": RANKINGS[team]}


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
