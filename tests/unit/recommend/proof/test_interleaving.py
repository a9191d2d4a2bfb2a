"""Two rankings in one list, and which of them visitors click more."""

import numpy as np
import pytest

from valuebox.compartments.recommend.proof.interleaving import (
    FIRST,
    SECOND,
    credited,
    draft,
    preference,
)


def test_each_ranking_picks_its_best_that_is_left() -> None:
    found = draft(["a", "b", "c", "d"], ["x", "a", "b", "y"], 4, "s")
    assert len(found.items) == len(set(found.items)) == 4
    assert abs(found.team.count(FIRST) - found.team.count(SECOND)) <= 1
    for team, ranking in ((FIRST, "abcd"), (SECOND, "xaby")):
        picked = [item for item, who in zip(*found, strict=True) if who == team]
        assert picked == sorted(picked, key=ranking.index)
    assert draft(["a", "b", "c", "d"], ["x", "a", "b", "y"], 4, "s") == found


def test_either_begins_in_half_of_the_lists() -> None:
    begins = [draft(["a", "b"], ["b", "a"], 2, str(seed)).team[0] for seed in range(1_000)]
    assert 430 < sum(begins) < 570


def test_the_other_fills_up_where_one_has_nothing_left() -> None:
    found = draft(["a"], ["x", "y", "z"], 10, "s")
    assert sorted(found.items) == ["a", "x", "y", "z"]
    assert found.team[found.items.index("a")] == FIRST
    assert draft([], [], 5, "s").items == []
    assert draft([], ["x"], 5, "s").items == ["x"]


def test_clicks_are_credited_once_to_whoever_picked_the_item() -> None:
    found = draft(["a", "b"], ["x", "y"], 4, "s")
    assert credited(found, ["a", "a", "x", "b", "elsewhere"]) == (2, 1)
    assert credited(found, []) == (0, 0)


def test_rankings_that_are_alike_are_not_told_apart_however_often_somebody_looks() -> None:
    draw = np.random.default_rng(0)
    wrong = 0
    for _ in range(200):
        first, second = draw.integers(0, 2, (2, 3_000))
        looks = range(200, 3_001, 200)
        wrong += any("prefer" in preference(first[:n], second[:n]).verdict for n in looks)
    assert wrong <= 4


def test_a_better_ranking_is_found_by_a_fraction_of_the_sessions_of_two_arms() -> None:
    draw = np.random.default_rng(1)
    found = preference(draw.binomial(1, 0.10, 8_000), draw.binomial(1, 0.14, 8_000))
    assert found.verdict.startswith("visitors prefer the second")
    assert found.lower > 0.5
    assert found.share == pytest.approx(0.5 + (found.second - found.first) / 2 / found.sessions)
    other_way = preference(draw.binomial(1, 0.14, 8_000), draw.binomial(1, 0.10, 8_000))
    assert other_way.verdict.startswith("visitors prefer the first")


def test_few_clicks_say_nothing() -> None:
    found = preference(np.zeros(5_000, dtype=np.intp), np.zeros(5_000, dtype=np.intp))
    assert (found.sessions, found.share) == (0, 0.5)
    assert found.verdict.startswith("too few")
    ties = preference(np.ones(50, dtype=np.intp), np.ones(50, dtype=np.intp))
    assert (ties.sessions, ties.share) == (50, 0.5)
