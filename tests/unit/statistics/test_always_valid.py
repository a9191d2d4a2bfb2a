"""Intervals that are looked at again and again."""

import numpy as np
import pytest

from valuebox.statistics.always_valid import difference_interval, mean_interval


def test_it_holds_at_all_looks_together_where_a_plain_interval_does_not() -> None:
    draw = np.random.default_rng(0)
    missed = naive = 0
    for _ in range(200):
        values = draw.exponential(1.0, 2_000)
        looks = range(50, 2_001, 50)
        found = [mean_interval(values[:count]) for count in looks]
        missed += any(one is None or not one.low <= 1 <= one.high for one in found)
        naive += any(
            abs(values[:count].mean() - 1) > 1.645 * values[:count].std() / count**0.5
            for count in looks
        )
    assert missed <= 20
    assert naive > 60


def test_it_becomes_tight_and_is_not_told_of_one_value() -> None:
    values = np.tile([0.0, 1.0], 5_000)
    found = mean_interval(values)
    assert found is not None
    assert found.mean == 0.5
    assert found.high - found.low < 0.04
    assert mean_interval(values[:1]) is None


def test_a_difference_lies_between_those_of_both_means() -> None:
    draw = np.random.default_rng(1)
    found = difference_interval(draw.normal(2, 1, 4_000), draw.normal(1, 1, 400))
    assert found is not None
    assert found.mean == pytest.approx(1, abs=0.1)
    assert 0 < found.low < 1 < found.high < 2
    assert difference_interval(np.ones(5), np.ones(1)) is None
