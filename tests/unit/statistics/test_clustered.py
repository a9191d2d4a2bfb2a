"""Means of clustered rows, and the intervals of them."""

import numpy as np
import pytest
from scipy import stats

from valuebox.statistics.clustered import mean_interval


def test_the_mean_is_that_of_the_rows_however_they_are_clustered() -> None:
    amount = np.array([1.0, 2.0, 3.0, 10.0])
    for cluster in ([0, 1, 2, 3], [0, 0, 1, 1]):
        assert mean_interval(amount, np.array(cluster)).value == 4.0


def test_of_many_even_rows_the_interval_is_the_normal_one() -> None:
    amount = np.random.default_rng(0).normal(5, 2, 50_000)
    found = mean_interval(amount, np.arange(50_000))
    half = stats.norm.ppf(0.95) * amount.std(ddof=1) / np.sqrt(50_000)
    assert found.upper - found.value == pytest.approx(half, rel=0.02)
    assert found.value - found.lower == pytest.approx(half, rel=0.02)
    assert found.error == pytest.approx(amount.std(ddof=1) / np.sqrt(50_000))


def test_a_row_that_comes_in_copies_of_one_cluster_tells_as_much_as_once() -> None:
    amount = np.random.default_rng(0).gamma(2.0, 1.0, 300)
    once = mean_interval(amount, np.arange(300))
    copies = mean_interval(np.tile(amount, 5), np.tile(np.arange(300), 5))
    assert copies == pytest.approx(once)


def test_where_few_have_most_the_interval_reaches_further_up() -> None:
    amount = np.zeros(2_000)
    amount[:20] = 50.0
    found = mean_interval(amount, np.arange(2_000))
    assert found.upper - found.value > 1.3 * (found.value - found.lower) > 0
    mirrored = mean_interval(-amount, np.arange(2_000))
    assert (mirrored.lower, mirrored.upper) == pytest.approx((-found.upper, -found.lower))


def test_weights_make_a_ratio() -> None:
    amount, weight = np.array([2.0, 4.0, 9.0]), np.array([1.0, 2.0, 3.0])
    found = mean_interval(amount, np.arange(3), weight)
    assert found.value == 15 / 6
    assert found.error == pytest.approx(np.sqrt((0.5**2 + 1 + 1.5**2) * 3 / 2) / 6)


def test_what_never_varies_is_known() -> None:
    found = mean_interval(np.full(10, 0.1), np.arange(10))
    assert (found.lower, found.upper, found.error) == (found.value, found.value, 0.0)


def test_of_one_cluster_nothing_is_known() -> None:
    found = mean_interval(np.array([1.0, 3.0]), np.zeros(2, dtype=int))
    assert (found.value, found.lower, found.upper) == (2.0, -np.inf, np.inf)
