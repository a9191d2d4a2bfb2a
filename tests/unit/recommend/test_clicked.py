"""Clicks on lists say how much less an item counts that visitors find by themselves."""

import numpy as np
import pytest

from valuebox.compartments.recommend.lists import ShownList
from valuebox.compartments.recommend.model import Learned, RecommendModel, load
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.on_lists import USUAL, Counting
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox_training.recommend.clicked import choices, fitted, learn_of_clicks
from valuebox_training.recommend.questions import Log

MINUTE = 60.0
ITEMS = ["hit", "boot", "lace", "hat", "cap"]


def log_of(*sessions: str) -> Log:
    """Sessions a day apart, of views a minute apart."""
    names = [one.split() for one in sessions]
    return Log.of(
        np.repeat(np.arange(len(names)), [len(one) for one in names]),
        np.array([ITEMS.index(item) for one in names for item in one]),
        np.array([
            86_400.0 * day + MINUTE * place
            for day, one in enumerate(names) for place in range(len(one))
        ]),
        ITEMS,
        Setting(),
    )  # fmt: skip


def test_weights_are_those_that_choices_were_made_by() -> None:
    draw, weights = np.random.default_rng(0), np.array([1.0, -0.6])
    rows = [draw.normal(0, 1, (int(draw.integers(2, 9)), 2)) for _ in range(2_000)]
    chosen = [int(np.argmax(one @ weights + draw.gumbel(0, 1, len(one)))) for one in rows]
    found, spread = fitted(rows, chosen)
    errors = np.sqrt(np.diag(spread))
    assert np.abs(found - weights).max() < 3 * errors.max()
    assert 0.01 < errors.max() < 0.05


def test_a_list_is_clicked_where_the_next_view_is_of_an_item_on_it() -> None:
    log = log_of("boot lace hat", "boot hit")
    key = log.clicks.keys.tolist()
    first, second = key[0], key[1]
    lists = [
        # Shown on the page of the boot, at the very moment of its view.
        ShownList(first, 0.0, ("hit", "lace")),
        ShownList(first, MINUTE, ("boot", "hit")),
        # After the last view, before the first one, and of nobody who is known.
        ShownList(first, 3 * MINUTE, ("hit", "lace")),
        ShownList(second, 86_399.0, ("boot", "hit")),
        ShownList(99, 0.0, ("boot", "lace")),
        ShownList(second, 86_400.0, ("what nobody knows", "hit")),
    ]
    found = list(choices(log, lists))
    assert [(one.seen, one.items, one.clicked) for one in found] == [
        ([1], [0, 2], 1),
        ([1], [-1, 0], 1),
    ]


def test_clicks_that_are_too_few_say_nothing() -> None:
    found = learn_of_clicks(log_of("boot lace"), [], Setting(), None)
    assert (found.counting, found.lists) == (USUAL, 0)


@pytest.mark.parametrize("by_taste", [True, False])
def test_clicks_say_whether_popular_items_count_less(by_taste: bool) -> None:
    draw, weight = np.random.default_rng(0), 2.0 ** -np.arange(12)
    # Items of even places are of one kind, those of odd places of the other.
    of_kind = np.array([np.arange(12) % 2 == kind for kind in (0, 1)])
    rows, lists = [], []
    for session in range(4_000):
        kind, begun = int(draw.integers(0, 2)), 600.0 * session
        alike = np.where(of_kind[kind], 5.0, 1.0)
        first = draw.choice(12, p=weight * of_kind[kind] / (weight * of_kind[kind]).sum())
        some = draw.permutation(12)[:6]
        likely, looks = alike * weight, draw.random() < 0.6
        if looks:
            # Who looks at a list clicks by taste alone, or what would be looked at anyway.
            likely = np.isin(np.arange(12), some) * (alike if by_taste else likely)
        then = draw.choice(12, p=likely / likely.sum())
        rows += [(session, int(first), begun), (session, int(then), begun + MINUTE)]
        # What is found without a list may be on it, too.
        clicked = f"item {then}" if looks else None
        lists.append((session, begun, tuple(f"item {one}" for one in some), clicked))
    columns = zip(*rows, strict=True)
    log = Log.of(*map(np.array, columns), [f"item {one}" for one in range(12)], Setting())
    found = learn_of_clicks(log, [ShownList(*one) for one in lists], Setting(), None)
    assert found.lists > 500
    less = found.counting.discount / found.counting.strength
    assert (less > 0.3) if by_taste else (less < 0.15)
    # What was just looked at was clicked like anything else.
    assert found.counting.again > 0.75
    # No catalogue says what is alike, and clicks cannot tell.
    assert found.counting.likeness == USUAL.likeness * 0.5


def test_popular_items_come_later_with_a_discount_and_scores_stay_above_nothing() -> None:
    sessions = [["boot", "hit"]] * 12 + [["boot", "lace"]] * 5 + [["hat", "hit"]] * 40
    sessions += [["hat", "cap"]] * 400
    flat = [(number, item) for number, one in enumerate(sessions) for item in one]
    index = Index.build(
        [number for number, _ in flat],
        [ITEMS.index(item) for _, item in flat],
        np.arange(len(flat)) * MINUTE,
        ITEMS,
    )
    plain, less = Recommender(index), Recommender(index, counting=Counting(discount=0.5))
    assert plain.answer(["boot"], 2).items[0] == "hit"
    found = less.answer(["boot"], 2)
    assert found.items == ("lace", "hit")
    assert min(found.scores) > 0
    # Lists that may repeat what is looked at foretell what is seen next.
    assert less.ranked_by(None).answer(["boot"], 2).items[0] == "hit"


def test_items_seen_before_come_later_where_clicks_say_so() -> None:
    sessions = [["boot", "lace"]] * 3 + [["lace", "hat"]] + [["cap", "hat"]] * 6
    flat = [(number, ITEMS.index(item)) for number, one in enumerate(sessions) for item in one]
    keys, items = zip(*flat, strict=True)
    index = Index.build(keys, items, np.arange(len(flat)) * MINUTE, ITEMS)
    plain, less = Recommender(index), Recommender(index, counting=Counting(again=0.01))
    assert plain.answer(["boot", "lace"], 2).items == ("boot", "hat")
    assert less.answer(["boot", "lace"], 2).items == ("hat", "boot")
    assert less.ranked_by(None).answer(["boot", "lace"], 2).items == ("boot", "hat")


def test_a_model_keeps_what_clicks_have_taught() -> None:
    tag = RecommendModel({"shop": Learned(counting=Counting(0.3, 0.1, 0.2, 2.0))}).save(
        "recommend-clicks", {}, {}
    )
    assert load(tag).shops["shop"] == Learned(counting=Counting(0.3, 0.1, 0.2, 2.0))
