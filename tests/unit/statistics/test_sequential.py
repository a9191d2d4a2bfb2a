"""Alarms that chance raises seldom, and as seldom as is said."""

import numpy as np
import pytest

from valuebox.statistics.sequential import MOST, cusum, cusum_limit, too_many, upper_deviation


def steps_to_alarm(limit: float, moved: float, runs: int) -> float:
    """Mean steps until a sum is beyond the limit, where the mean has moved so many deviations."""
    rng = np.random.default_rng(1)
    counts = []
    for _ in range(runs):
        values: list[float] = []
        while abs(cusum(values[-60:])) <= limit:
            values.append(rng.normal(moved))
        counts.append(len(values))
    return float(np.mean(counts))


def test_false_alarms_are_as_far_apart_as_is_said() -> None:
    assert steps_to_alarm(cusum_limit(60), 0.0, 150) == pytest.approx(60, rel=0.2)


def test_a_mean_that_has_moved_is_told_soon_and_to_its_side() -> None:
    assert steps_to_alarm(cusum_limit(1_000), 2.0, 100) < 6
    assert cusum([-1.5] * 8) < -cusum_limit(1_000) < 0 < cusum([1.5] * 8)


def test_no_single_value_raises_an_alarm() -> None:
    assert cusum([0.0, 50.0, 0.0]) < MOST < cusum_limit(100)


@pytest.mark.parametrize(("found", "expected"), [(0, 1.0), (1, 1 - 0.9**10), (10, 1e-10)])
def test_how_likely_so_many_are_by_chance(found: int, expected: float) -> None:
    assert too_many(found, 10, 0.1) == pytest.approx(expected)


def test_a_deviation_of_few_values_is_seldom_too_small() -> None:
    rng = np.random.default_rng(2)
    told = [upper_deviation(rng.normal(0, 1, 6) ** 2) for _ in range(2_000)]
    assert np.mean(np.array(told) < 1) == pytest.approx(0.2, abs=0.03)
    assert upper_deviation([]) == 0.0
