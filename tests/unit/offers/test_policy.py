"""Propensities sum to 1, have a floor, favour what is worth more, and come true in draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from valuebox.compartments.offers.policy import Policy, choose, propensities, uniform

KNOWN = np.zeros(3, dtype=bool)
THREE = np.array([0, 3])


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5).flatmap(
        lambda counts: st.tuples(
            st.just(counts),
            arrays(float, sum(counts), elements=st.floats(-1e3, 1e3)),
            arrays(bool, sum(counts)),
        )
    ),
    st.floats(0, 1e6),
    st.floats(0.01, 0.5),
)
def test_propensities_sum_to_one_and_have_a_floor(
    lists: tuple[list[int], np.ndarray, np.ndarray], sharpness: float, share: float
) -> None:
    counts, value, new = lists
    begins = np.concatenate([[0], np.cumsum(counts)])
    policy = Policy(sharpness=sharpness, uniform=share)
    found = propensities(policy, value, begins, new)
    assert np.add.reduceat(found, begins[:-1]) == pytest.approx(1)
    assert (found >= share / np.repeat(counts, counts) * (1 - 1e-9)).all()


def test_what_is_worth_more_is_likelier_and_equals_are_equal() -> None:
    found = propensities(Policy(sharpness=50.0), np.array([1.0, 2.0, 2.0]), THREE, KNOWN)
    assert found[1] == found[2] > 10 * found[0]


def test_without_sharpness_all_are_as_likely() -> None:
    found = propensities(Policy(sharpness=0.0), np.array([1.0, 2.0, 9.0]), THREE, KNOWN)
    assert found == pytest.approx(uniform(THREE))


def test_one_candidate_is_certain() -> None:
    for new in (True, False):
        found = propensities(Policy(), np.array([0.3]), np.array([0, 1]), np.array([new]))
        assert found == pytest.approx([1.0])


def test_a_new_type_is_tried_at_the_stated_rate() -> None:
    policy = Policy(sharpness=1e6, uniform=0.0, trial=0.2)
    new = np.array([False, True, True])
    found = propensities(policy, np.array([1.0, -5.0, np.nan]), THREE, new)
    assert found == pytest.approx([0.8, 0.1, 0.1], abs=1e-5)


def test_choices_come_as_often_as_their_propensities_say() -> None:
    draws = 200_000
    policy = Policy(sharpness=3.0, uniform=0.1)
    each = propensities(policy, np.array([0.2, 1.0, 0.5]), THREE, KNOWN)
    drawn = choose(policy, np.tile(each, draws), np.arange(draws + 1) * 3, np.arange(draws))
    assert np.bincount(drawn.place) / draws == pytest.approx(each, abs=0.004)
    assert drawn.uniform.mean() == pytest.approx(0.1, abs=0.003)
    assert np.bincount(drawn.place[drawn.uniform]) / drawn.uniform.sum() == pytest.approx(
        np.full(3, 1 / 3), abs=0.02
    )


def test_a_seed_draws_the_same_whatever_is_drawn_along_with_it() -> None:
    policy = Policy(sharpness=3.0)
    begins = np.array([0, 3, 8, 9])
    each = propensities(policy, np.linspace(0, 1, 9), begins, np.zeros(9, dtype=bool))
    seeds = np.array([2**63 - 1, 12, -4])
    together = choose(policy, each, begins, seeds)
    for row in range(3):
        own = slice(begins[row], begins[row + 1])
        alone = choose(policy, each[own], begins[row : row + 2] - begins[row], seeds[row : row + 1])
        assert (alone.place[0], alone.uniform[0]) == (together.place[row], together.uniform[row])


def test_what_a_rule_left_out_is_never_drawn() -> None:
    draws = 5_000
    each = np.tile([0.0, 0.7, 0.3, 0.0], draws)
    drawn = choose(Policy(uniform=0.5), each, np.arange(draws + 1) * 4, np.arange(draws))
    assert np.bincount(drawn.place) / draws == pytest.approx([0, 0.7, 0.3], abs=0.03)
