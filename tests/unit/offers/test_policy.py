"""Propensities sum to 1, have a floor, favour what is worth more, and come true in draws."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from valuebox.compartments.offers.policy import Policy, choose, propensities, propensities_of_one

KNOWN = np.zeros(3, dtype=bool)
THREE = np.array([0, 3])


@settings(deadline=None)
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
    for first, end in pairwise(begins):
        own = slice(first, end)
        alone = propensities_of_one(policy, value[own].tolist(), new[own].tolist())
        assert alone == pytest.approx(found[own], rel=1e-9, abs=1e-12)


def test_what_is_worth_more_is_likelier_and_equals_are_equal() -> None:
    found = propensities(Policy(sharpness=50.0), np.array([1.0, 2.0, 2.0]), THREE, KNOWN)
    assert found[1] == found[2] > 10 * found[0]


def test_without_sharpness_all_are_as_likely() -> None:
    found = propensities(Policy(sharpness=0.0), np.array([1.0, 2.0, 9.0]), THREE, KNOWN)
    assert found == pytest.approx(1 / 3)


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
    place, in_slice = drawn(policy, each, draws)
    assert np.bincount(place) / draws == pytest.approx(each, abs=0.004)
    assert in_slice.mean() == pytest.approx(0.1, abs=0.003)
    assert np.bincount(place[in_slice]) / in_slice.sum() == pytest.approx(
        np.full(3, 1 / 3), abs=0.02
    )


def test_a_seed_draws_the_same_on_every_machine() -> None:
    policy, each = Policy(sharpness=3.0), [0.1, 0.2, 0.3, 0.15, 0.25]
    seeds = [2**63 - 1, 2**62 - 1, 12, -4, 0]
    found = [choose(policy, each, one) for one in seeds]
    assert [one.place for one in found] == [4, 0, 4, 4, 2]
    assert found == [choose(policy, each, one) for one in seeds]


def test_what_a_rule_left_out_is_never_drawn() -> None:
    draws = 5_000
    place, _ = drawn(Policy(uniform=0.5), np.array([0.0, 0.7, 0.3, 0.0]), draws)
    assert np.bincount(place) / draws == pytest.approx([0, 0.7, 0.3], abs=0.03)


def drawn(policy: Policy, each: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """What was chosen of the same candidates, and whether in the uniform slice, by seeds from 0."""
    found = [choose(policy, each.tolist(), seed) for seed in range(draws)]
    return np.array([one.place for one in found]), np.array([one.uniform for one in found])
