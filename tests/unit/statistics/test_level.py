import numpy as np
import pandas as pd
import pytest

from valuebox.statistics.level import Level
from valuebox_training.ltv.level import LevelEstimate, fit_level, latest_level

WEEKS = 30
NOISE = np.full(WEEKS, 0.02**2)


def noisy(levels: np.ndarray, seed: int) -> np.ndarray:
    return levels + np.random.default_rng(seed).normal(0, 0.02, len(levels))


@pytest.mark.parametrize("seed", range(8))
def test_in_the_calm_all_weeks_count(seed: int) -> None:
    observed = noisy(np.zeros(WEEKS), seed)
    assert latest_level(observed, NOISE).level == pytest.approx(observed.mean(), abs=1e-4)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("jump", [-0.3, 0.4])
def test_after_a_jump_the_last_weeks_count(seed: int, jump: float) -> None:
    moved = np.where(np.arange(WEEKS) < WEEKS - 4, 0.0, jump)
    assert latest_level(noisy(moved, seed), NOISE).level == pytest.approx(jump, abs=0.06)


@pytest.mark.parametrize("seed", range(8))
def test_a_steady_decay_is_followed(seed: int) -> None:
    falling = np.linspace(0.3, -0.3, WEEKS)
    assert latest_level(noisy(falling, seed), NOISE).level == pytest.approx(-0.3, abs=0.07)


def test_weeks_without_users_are_passed_over() -> None:
    observed = noisy(np.zeros(WEEKS), 1)
    observed[[0, 5, 29]] = np.nan
    assert latest_level(observed, NOISE).level == pytest.approx(np.nanmean(observed), abs=1e-4)
    assert latest_level(np.full(3, np.nan), np.ones(3)) == LevelEstimate(0.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(8))
def test_a_level_that_moves_is_less_sure_than_one_that_stands(seed: int) -> None:
    still = latest_level(noisy(np.zeros(WEEKS), seed), NOISE)
    falling = latest_level(noisy(np.linspace(0.3, -0.3, WEEKS), seed), NOISE)
    assert 0 < still.variance < falling.variance
    assert 0 < still.weekly_variance < falling.weekly_variance / 4
    # Thirty weeks with a standard deviation of 0.02 know their mean to about 0.02 / sqrt(30).
    assert 0.003 < still.variance**0.5 < 0.02


def joined(days: int, per_day: int) -> pd.DataFrame:
    dates = pd.date_range("2019-01-01 12:00", periods=days).repeat(per_day)
    return pd.DataFrame({"join_date": dates, "STV": 10.0, "target": 20.0})


def test_users_who_joined_last_show_where_behaviour_has_moved() -> None:
    users = joined(200, 50)
    noise = np.random.default_rng(2).normal(0, 5, len(users))
    late = users["join_date"] >= "2019-06-01"
    users["target"] = 20.0 - 3.0 * late + noise
    # The booster predicts the average of all months: a future of 10, of which 70 % is left.
    level = fit_level(users, np.full(len(users), 20.0)).level
    assert level == pytest.approx(-0.3, abs=0.04)
    assert Level(level).corrected(np.array([20.0]), [10.0]) == pytest.approx([17.0], abs=0.4)


def test_users_without_stv_are_corrected_by_the_usual_share() -> None:
    level = Level(level=-0.2, future_share=0.4)
    predictions = np.array([20.0, 20.0, 20.0])
    corrected = level.corrected(predictions, [15.0, None, float("nan")])
    assert corrected == pytest.approx([19.0, 18.4, 18.4])
    assert level.corrected(predictions, None) == pytest.approx([18.4] * 3)


def test_what_was_paid_beyond_the_prediction_is_not_scaled() -> None:
    assert Level(level=0.5).corrected(np.array([20.0]), [1e6]).tolist() == [20.0]


@pytest.mark.parametrize("days", [1, 3, 8])
def test_a_few_days_are_enough_not_to_fail(days: int) -> None:
    assert np.isfinite(fit_level(joined(days, 2), np.full(2 * days, 19.0))).all()


def test_without_any_stv_all_of_it_is_the_future() -> None:
    users = joined(200, 2).assign(STV=np.nan)
    assert fit_level(users, np.full(400, 19.0)).level == pytest.approx(1 / 19, rel=1e-4)


def test_nothing_to_expect_is_no_reason_to_fail() -> None:
    users = joined(20, 2).assign(target=0.0, STV=0.0)
    assert fit_level(users, np.zeros(40)) == LevelEstimate(0.0, 0.0, 0.0)
