import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, r2_score

from valuebox.statistics.scores import user_scores
from valuebox_training.ltv import cohorts


@pytest.fixture(scope="module")
def scored() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    prediction = rng.gamma(2.0, 3.0, 5_000)
    return prediction + rng.normal(0, 2.0, 5_000), prediction


def test_errors_agree_with_others(scored: tuple[np.ndarray, np.ndarray]) -> None:
    scores = user_scores(*scored)
    assert scores.mae == pytest.approx(mean_absolute_error(*scored))
    assert scores.r2 == pytest.approx(r2_score(*scored))
    assert scores.spearman == pytest.approx(spearmanr(*scored).statistic)
    assert scores.bias == pytest.approx((scored[1] - scored[0]).mean())


def test_gini_is_1_for_the_right_order_and_0_for_none() -> None:
    target = np.array([0.0, 1.0, 2.0, 7.0])
    assert user_scores(target, target * 10 + 5).gini == pytest.approx(1.0)
    assert user_scores(target, -target).gini == pytest.approx(-1.0)
    assert user_scores(target, np.ones(4)).gini == pytest.approx(0.0)


def test_gini_does_not_depend_on_the_order_of_equal_predictions() -> None:
    target, prediction = np.array([0.0, 4.0, 1.0, 9.0]), np.array([1.0, 1.0, 2.0, 2.0])
    turned = user_scores(target[::-1], prediction[::-1])
    assert user_scores(target, prediction).gini == pytest.approx(turned.gini)


def test_deciles_hold_a_tenth_each_from_low_to_high(
    scored: tuple[np.ndarray, np.ndarray],
) -> None:
    scores = user_scores(*scored)
    assert [decile.users for decile in scores.deciles] == [500] * 10
    predicted = [decile.predicted for decile in scores.deciles]
    assert predicted == sorted(predicted)
    assert predicted[0] == pytest.approx(np.sort(scored[1])[:500].mean())
    assert scores.decile_mape < 0.1
    assert user_scores(scored[0], scored[1] * 2).decile_mape == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("target", [[3.0], [3.0, 3.0, 3.0], [0.0, 0.0]])
def test_what_cannot_be_said_is_null(target: list[float]) -> None:
    scores = user_scores(np.array(target), np.ones(len(target)))
    assert (scores.r2, scores.gini, scores.spearman) == (None, None, None)
    assert scores.mae == pytest.approx(abs(target[0] - 1))


@pytest.mark.parametrize("size", [1, 5, 300])
def test_the_floor_is_the_error_that_chance_leaves(size: int) -> None:
    # Right expectations: the error that is found is the floor that is estimated, also where
    # most users bring nothing and few bring much.
    rng = np.random.default_rng(6)
    days = pd.date_range("2019-01-01", periods=400).repeat(size)
    users = pd.DataFrame({"join_date": days, "country_segment": "US", "prediction": 2.0})
    users["target"] = 20.0 * (rng.random(len(users)) < 0.1)
    row = cohorts.report(users.assign(baseline=0.0)).day.segments[0]
    assert row.error == pytest.approx(row.noise_floor, rel=0.12)


def test_a_bias_lifts_the_error_above_the_floor() -> None:
    days = pd.date_range("2019-01-01", periods=10).repeat(2)
    users = pd.DataFrame({"join_date": days, "country_segment": "US", "baseline": 0.0})
    users = users.assign(target=[4.0, 6.0] * 10, prediction=8.0)
    row = cohorts.report(users).month.segments[0]
    assert row.bias == pytest.approx(3.0)
    assert row.error == pytest.approx(3.0)
    assert row.noise_floor < 0.2
