import json

import numpy as np
import pandas as pd
import pytest

from valuebox.ltv.uncertainty import Uncertainty
from valuebox_training.level import Level
from valuebox_training.uncertainty import fit_uncertainty

PRICE = 15.880125
SEGMENTS = [f"S{number:02d}" for number in range(16)]
STILL = Level(0.0, 0.0, 0.0)


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


def fit(spread: float = 0.0, level: Level = STILL, n_users: int = 40_000) -> Uncertainty:
    users, expected = made(n_users, 1, spread)
    return fit_uncertainty(users, expected, expected, level, 0.4)


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
    uncertainty = fit(level=Level(0.0, 0.01**2, 0.02**2))
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
    uncertainty = fit_uncertainty(users, expected, expected, STILL, 0.4)
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
    uncertainty = fit(spread=0.1, level=Level(0.1, 0.01, 0.001))
    again = Uncertainty.from_dict(json.loads(json.dumps(uncertainty.to_dict())))
    assert again == uncertainty


@pytest.mark.parametrize("n_users", [1, 2, 30])
def test_a_few_users_are_enough_not_to_fail(n_users: int) -> None:
    uncertainty = fit(n_users=n_users)
    lower, upper = uncertainty.interval(np.array([5.0, 30.0]), [0.3975, None])
    assert np.isfinite([lower, upper]).all()
    for size in (1, 100):
        assert np.isfinite(uncertainty.cohort_interval(cohorts(size, 1, 1)[0])).all()


def test_nobody_with_stv_is_no_reason_to_fail() -> None:
    users, expected = made(500, 1)
    uncertainty = fit_uncertainty(users.assign(STV=np.nan), expected, expected, STILL, 0.0)
    lower, upper = uncertainty.interval(np.array([5.0]), [0.3975])
    assert np.isfinite([lower, upper]).all()
