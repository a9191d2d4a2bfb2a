from functools import cache

import numpy as np
import pandas as pd
import pytest

from valuebox.compartments.ltv.uncertainty import Uncertainty
from valuebox_training.ltv.level import LevelEstimate
from valuebox_training.ltv.uncertainty import Views, fit_uncertainty

PRICE = 15.880125
SEGMENTS = [f"S{number:02d}" for number in range(16)]
STILL = LevelEstimate(0.0, 0.0, 0.0)


def made(
    n_users: int, seed: int, spread: float = 0.0, start: str = "2019-01-01", days: int = 120
) -> tuple[pd.DataFrame, np.ndarray]:
    """Users who pay again or not, and what was to be expected of each but for the segment.

    Their segment shifts the expected future by a factor with standard deviation `spread`.
    """
    rng = np.random.default_rng(seed)
    shift = dict(zip(SEGMENTS, np.random.default_rng(99).normal(0, spread, 16), strict=True))
    segment = rng.choice(SEGMENTS, n_users)
    chance = rng.choice([0.02, 0.05, 0.1, 0.3, 0.45, 0.6], n_users)
    stv = np.where(chance < 0.2, 0.3975, 16.277625)
    really = chance * (1 + np.array([shift[name] for name in segment]))
    users = pd.DataFrame(
        {
            "join_date": pd.Timestamp(start) + pd.to_timedelta(rng.uniform(0, days, n_users), "D"),
            "country_segment": segment,
            "STV": stv,
            "target": (stv + PRICE * (rng.random(n_users) < really)).round(6),
        }
    )
    return users.sort_values("join_date", ignore_index=True), (stv + PRICE * chance)[
        np.argsort(users["join_date"], kind="stable")
    ]


def seen(expected: np.ndarray) -> Views:
    """Users whose STV or segment is hidden are expected to be as good: nothing else is asked."""
    return Views(expected, expected, expected)


@cache
def fit(spread: float = 0.0, level: LevelEstimate = STILL, n_users: int = 40_000) -> Uncertainty:
    users, expected = made(n_users, 1, spread)
    return fit_uncertainty(users, seen(expected), level, 0.4)


def cohorts(size: int, count: int, seed: int, **changed: object) -> list[pd.DataFrame]:
    users, expected = made(size * count, seed)
    users = users.assign(prediction=expected, **changed)
    return [users.iloc[start : start + size] for start in range(0, len(users), size)]


def covered(uncertainty: Uncertainty, groups: list[pd.DataFrame]) -> float:
    ends = [uncertainty.cohort_interval(group) for group in groups]
    means = [group["target"].mean() for group in groups]
    return float(np.mean([a <= mean <= b for (a, b), mean in zip(ends, means, strict=True)]))


@pytest.mark.parametrize(("size", "least", "most"), [(1, 0.9, 1.0), (4, 0.88, 0.98)])
def test_means_of_a_few_users_lie_in_their_interval(size: int, least: float, most: float) -> None:
    assert least <= covered(fit(), cohorts(size, 600, seed=2, country_segment="S00")) <= most


@pytest.mark.parametrize("size", [20, 60, 400])
def test_nine_in_ten_cohort_means_lie_in_their_interval(size: int) -> None:
    assert 0.86 <= covered(fit(), cohorts(size, 600, seed=3, country_segment="S00")) <= 0.94


def test_a_larger_cohort_has_a_narrower_interval() -> None:
    uncertainty = fit()

    def width(size: int) -> float:
        lower, upper = uncertainty.cohort_interval(cohorts(size, 1, 4, country_segment="S00")[0])
        return upper - lower

    assert width(10) > 2 * width(100) > 4 * width(1000)
    assert width(400) == pytest.approx(width(100) / 2, rel=0.25)


def test_a_segment_never_seen_is_less_sure_than_a_known_one() -> None:
    users = cohorts(5_000, 1, 5, country_segment="S00")[0]
    uncertainty = fit(spread=0.2)
    known, unseen, missing = (
        np.subtract(*uncertainty.cohort_interval(users.assign(country_segment=name)))
        for name in ("S00", "ZZ", None)
    )
    assert abs(unseen) > 4 * abs(known)
    assert missing == unseen
    # Segments differ by 20 % of the future, so that of a new one is known to about +-33 %.
    future = (users["prediction"] - users["STV"]).mean()
    assert abs(unseen) / 2 == pytest.approx(1.645 * 0.2 * future, rel=0.35)


def test_where_segments_do_not_differ_a_new_one_is_as_sure() -> None:
    users = cohorts(5_000, 1, 5, country_segment="S00")[0]
    uncertainty = fit(spread=0.0)
    known, unseen = (
        np.subtract(*uncertainty.cohort_interval(users.assign(country_segment=name)))
        for name in ("S00", "ZZ")
    )
    assert abs(unseen) < 2 * abs(known)


def test_the_longer_ago_the_last_outcome_the_less_sure() -> None:
    uncertainty = fit(level=LevelEstimate(0.0, 0.01**2, 0.02**2))
    users = cohorts(5_000, 1, 6, country_segment="S00")[0]
    widths = [
        np.ptp(uncertainty.cohort_interval(users.assign(join_date=pd.Timestamp(date))))
        for date in ("2019-02-01", "2019-05-08", "2019-06-01", "2019-09-01")
    ]
    assert widths[0] < widths[1] < widths[2] < widths[3]


@pytest.mark.parametrize("gap", [0.0, 0.3, 1.0])
def test_users_lie_in_their_interval_with_and_without_stv(gap: float) -> None:
    users, expected = made(40_000, 7)
    missing = np.random.default_rng(8).random(len(users)) < gap
    users["STV"] = users["STV"].mask(missing)
    uncertainty = fit_uncertainty(users, seen(expected), STILL, 0.4)
    new, expected = made(20_000, 9)
    stv = new["STV"].mask(np.random.default_rng(10).random(len(new)) < gap).tolist()
    lower, upper = uncertainty.interval(expected, stv)
    inside = (lower <= new["target"]) & (new["target"] <= upper)
    assert inside.mean() >= 0.9
    # Who will hardly pay again is told from who may well do so.
    assert (upper - lower)[expected < 1].mean() < PRICE / 2
    assert (upper - lower)[expected > 20].mean() == pytest.approx(PRICE, rel=0.3)


def test_without_stv_at_all_everything_is_still_to_come() -> None:
    lower, upper = fit().interval(np.array([5.0, 20.0]), None)
    assert (lower <= upper).all()
    assert (lower <= [5.0, 20.0]).all()


def test_it_survives_json() -> None:
    uncertainty = fit(spread=0.1, level=LevelEstimate(0.1, 0.01, 0.001))
    again = Uncertainty.model_validate_json(uncertainty.model_dump_json())
    assert again.model_dump() == uncertainty.model_dump()


@pytest.mark.parametrize("n_users", [1, 2, 30])
def test_a_few_users_are_enough_not_to_fail(n_users: int) -> None:
    uncertainty = fit(n_users=n_users)
    lower, upper = uncertainty.interval(np.array([5.0, 30.0]), [0.3975, None])
    assert np.isfinite([lower, upper]).all()
    for size in (1, 100):
        assert np.isfinite(uncertainty.cohort_interval(cohorts(size, 1, 1)[0])).all()


def test_nobody_with_stv_is_no_reason_to_fail() -> None:
    users, expected = made(500, 1)
    uncertainty = fit_uncertainty(users.assign(STV=np.nan), seen(expected), STILL, 1.0)
    lower, upper = uncertainty.interval(np.array([5.0]), [0.3975])
    assert np.isfinite([lower, upper]).all()


@pytest.mark.parametrize("size", [1, 3, 40, 3_000])
def test_a_prediction_lies_in_its_interval(size: int) -> None:
    uncertainty = fit(spread=0.2)
    for group in cohorts(size, 30, seed=11, country_segment="S03"):
        lower, upper = uncertainty.cohort_interval(group)
        assert lower <= group["prediction"].mean() <= upper
        lower, upper = uncertainty.interval(group["prediction"].to_numpy(), group["STV"].tolist())
        assert (lower <= group["prediction"]).all()
        assert (group["prediction"] <= upper).all()


@pytest.mark.parametrize("size", [20, 60, pytest.param(300, marks=pytest.mark.slow)])
def test_rare_large_amounts_are_reckoned_with(size: int) -> None:
    def rare(n_users: int, seed: int) -> pd.DataFrame:
        target = 100.0 * (np.random.default_rng(seed).random(n_users) < 0.003)
        users = pd.DataFrame({"STV": 0.0, "target": target, "prediction": 0.3})
        return users.assign(join_date=pd.Timestamp("2019-05-01"), country_segment="S00")

    learned = rare(40_000, 1)
    uncertainty = fit_uncertainty(learned, seen(np.full(40_000, 0.3)), STILL, 1.0)
    groups = [rare(size, seed) for seed in range(300)]
    assert covered(uncertainty, groups) >= 0.85


def test_alike_segments_of_few_users_are_not_taken_for_different_ones() -> None:
    rng = np.random.default_rng(4)
    users = pd.DataFrame({"country_segment": np.repeat([f"C{n}" for n in range(40)], 30)})
    users["target"] = 0.5 + 16.0 * (rng.random(len(users)) < 0.05)
    users = users.assign(STV=0.5, join_date=pd.Timestamp("2019-05-01"))
    uncertainty = fit_uncertainty(users, seen(np.full(len(users), 1.3)), STILL, 0.6)
    # Their own residuals would say 0.7: half of them have nobody who paid again.
    assert uncertainty.unseen_variance**0.5 < 0.4


def test_everybody_spending_the_same_is_certain() -> None:
    users, expected = made(2_000, 1)
    users["target"] = expected = np.full(2_000, 1.0)
    uncertainty = fit_uncertainty(users.assign(STV=0.5), seen(expected), STILL, 0.5)
    assert np.ptp(uncertainty.interval(np.array([1.0]), [0.5])) == 0
    group = users.assign(STV=0.5, prediction=1.0, country_segment="S00")
    assert np.ptp(uncertainty.cohort_interval(group)) < 1e-3


@pytest.mark.parametrize(
    "damage",
    [
        {"level_variance": -1.0},
        {"weekly_variance": None},
        {"future_share": 2.0},
        {"segment_variance": {"US": -0.1}},
        {"last_join": "2019-01-01T00:00:00Z"},
        {"last_join": "soon"},
        {"extra": 1},
    ],
)
def test_what_cannot_be_is_refused(damage: dict[str, object]) -> None:
    learned = fit().model_dump(mode="json")
    with pytest.raises(ValueError, match=next(iter(damage))):
        Uncertainty.model_validate({**learned, **damage})


@pytest.mark.parametrize(
    "damage",
    [{"lower": [0.0]}, {"points": [[0.0] * 3]}, {"variance": [-1.0]}, {"edges": [1.0, 1.0]}],
)
def test_a_damaged_scatter_is_refused(damage: dict[str, object]) -> None:
    learned = fit().model_dump(mode="json")
    with pytest.raises(ValueError, match="known"):
        Uncertainty.model_validate({**learned, "known": {**learned["known"], **damage}})
