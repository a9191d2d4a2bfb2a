"""Answers are those of plain Python that reads the whole log: mapped, and with a delta."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from support.clicks import ITEMS, MONDAY, delta_of, index_of, log, visit
from support.recommended_by_hand import Click, parts, ranked

from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Bots, Setting

SEEDS = [0, 1, 2, *(pytest.param(one, marks=pytest.mark.slow) for one in range(3, 6))]
SETTINGS = (
    Setting(),
    Setting(neighbours=5, latest=4, age=0.5, rules=0.0),
    Setting(neighbours=3, latest=1000, fading=5.0, nearness=1.0, rules=2.0, steps=2, reach=3),
    Setting(latest=2, longest=3, gap=100.0, rules=0.5, open_for=3 * 86_400.0),
    Setting(bots=Bots(most_clicks=6, least_clicks=4, pace=20.0)),
)


def asked(seed: int) -> list[list[str]]:
    random = np.random.default_rng(seed)
    ids = [*ITEMS[:9], "never seen"]
    lengths = [0, 1, 1, 2, 3, 6, 25]
    return [[ids[one] for one in random.choice(len(ids), size=n)] for n in lengths]


def assert_as_by_hand(
    recommender: Recommender, clicks: Sequence[Click], setting: Setting, seen: list[str]
) -> None:
    for fresh, again in ((True, True), (False, True), (True, False)):
        out = set(seen) if not again else set(seen[-1:]) if fresh else set()
        by_hand = parts(clicks, seen, setting, out)
        expected = ranked(by_hand, 6)
        found = recommender.answer(seen, 6, fresh=fresh, again=again, explain=True)
        own = len(found.items) - found.filled if found.generator == "neighbours" else 0
        assert own == len(expected)
        assert found.scores[:own] == pytest.approx([score for _, score in expected], rel=1e-5)
        total = {item: sum(of.values()) for item, of in by_hand.items()}
        assert [total[item] for item in found.items[:own]] == pytest.approx(
            [score for _, score in expected], rel=1e-5
        )
        assert len(set(found.items)) == len(found.items)
        assert not set(found.items) & out
        for item, reason in zip(found.items[:own], found.reasons[:own], strict=True):
            each = by_hand[item].items()
            of = {mine: value for mine, value in each if mine != item and value > 0}
            if of:
                assert reason is not None
                assert of[reason] == pytest.approx(max(of.values()), rel=1e-5)
            else:
                assert reason == item


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_index_answers_as_plain_python_does(seed: int, setting: Setting, tmp_path: Path) -> None:
    clicks = log(seed, sessions=(40, 3, 80)[seed % 3])
    index_of(clicks, setting).save(tmp_path / "index")
    recommender = Recommender(Index.open(tmp_path / "index"))
    for seen in asked(seed):
        assert_as_by_hand(recommender, clicks, setting, seen)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_index_with_a_delta_answers_as_one_of_all_clicks(seed: int, setting: Setting) -> None:
    # Without equal ends of sessions, between which a delta cannot tell which came first.
    clicks = [one._replace(time=one.time + one.session / 97) for one in log(seed)]
    times = sorted(one.time for one in clicks)
    for border in (times[len(times) // 3], times[-len(times) // 5], times[-1], times[0] - 1):
        index = index_of([one for one in clicks if one.time <= border], setting)
        delta = delta_of(index, [one for one in clicks if one.time > border])
        recommender = Recommender(index, delta)
        for seen in asked(seed):
            assert_as_by_hand(recommender, clicks, setting, seen)


def test_a_machine_that_the_index_has_seen_half_of_is_taken_out_by_the_delta() -> None:
    setting = Setting(bots=Bots(most_clicks=5))
    visitors = visit(1, "a b c") + visit(2, "b c d", 50) + visit(4, "a d", 400)
    before, after = visit(3, "a x a x", 60), visit(3, "x a x a x", 120)
    late = visit(4, "b", 500)
    index = index_of(visitors + before, setting)
    recommender = Recommender(index, delta_of(index, after + late))
    assert "x" not in recommender.answer(["a"], 9).items[:3]
    for seen in (["a"], ["x"], ["b", "a"]):
        assert_as_by_hand(recommender, visitors + before + after + late, setting, seen)


def test_a_machine_that_the_index_has_left_out_stays_out_of_the_delta() -> None:
    setting = Setting(bots=Bots(most_clicks=5))
    visitors = visit(1, "a b c") + visit(2, "b c d", 50)
    before, after = visit(3, "a x a x a x a x", 60), visit(3, "x a", 150)
    index = index_of(visitors + before, setting)
    recommender = Recommender(index, delta_of(index, after))
    for seen in (["a"], ["x"], ["b", "a"]):
        assert_as_by_hand(recommender, visitors + before + after, setting, seen)


@pytest.mark.parametrize(
    "clicks",
    [
        [],
        visit(1, "a"),
        visit(1, "a a a a"),
        visit(1, "a a") + visit(2, "a", 5) + visit(3, "b b b", 9),
        visit(1, " ".join(f"i{place % 83}" for place in range(500))),
        visit(1, "a b", 0, 0.0) + visit(2, "b a", 0, 0.0) + visit(3, "a c", 0, 0.0),
        [Click(1, "7", MONDAY), Click(2, "007", MONDAY), Click(1, "007", MONDAY), Click(2, "7", 0)],
    ],
)
def test_odd_logs(clicks: list[Click]) -> None:
    for setting in SETTINGS:
        index = index_of(clicks, setting)
        recommender = Recommender(index, delta_of(index, []))
        for seen in ([], ["a"], ["7"], ["007", "7"], ["i1", "i2", "b", "a"], ["nothing"] * 500):
            assert_as_by_hand(recommender, clicks, setting, seen)
