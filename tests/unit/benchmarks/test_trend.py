import numpy as np
import pytest
from benchmarks.reliability.soak_trend import fit

HOURS = np.arange(120) * 5 / 3600


@pytest.mark.parametrize("level", [92, 800])
def test_what_stays_is_flat(level: float) -> None:
    trend = fit(HOURS, np.full(120, level))
    assert (trend.slope, trend.is_flat) == (pytest.approx(0), True)


def test_noise_is_flat() -> None:
    assert fit(HOURS, 800 + np.random.default_rng(1).normal(0, 5, 120)).is_flat


def test_a_leak_is_not_flat_and_its_size_is_found() -> None:
    noise = np.random.default_rng(2).normal(0, 2, 120)
    trend = fit(HOURS, 800 + 300 * HOURS + noise)
    assert not trend.is_flat
    assert abs(trend.slope - 300) < trend.uncertainty


def test_a_leak_in_steps_is_not_flat() -> None:
    assert not fit(HOURS, 92 + np.arange(120) // 20).is_flat


def test_less_than_a_hundredth_in_ten_minutes_is_flat() -> None:
    assert fit(HOURS, 800 + 47 * HOURS).is_flat
    assert not fit(HOURS, 800 + 49 * HOURS).is_flat


def test_noise_that_wanders_makes_the_slope_less_certain() -> None:
    steps = np.random.default_rng(3).normal(0, 1, 120)
    assert fit(HOURS, np.cumsum(steps)).uncertainty > 3 * fit(HOURS, steps).uncertainty
