"""The simulated site against what is known of the real one (see data/README.md)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from valuebox.compartments.ltv.files import COLUMNS, read_users
from valuebox_training.ltv.simulate import Simulation, simulate
from valuebox_training.ltv.worlds import TEST, VALID


@pytest.fixture(scope="module")
def site() -> Simulation:
    """At the real size, so that tolerances can be narrow."""
    return simulate(1750, seed=3)


@pytest.fixture(scope="module")
def august(site: Simulation) -> pd.DataFrame:
    return site.test.users


def share(users: pd.DataFrame, condition: str) -> float:
    return float(users.eval(condition).astype(float).mean())


@pytest.mark.parametrize(
    ("condition", "known", "tolerance"),
    [
        ("hidden == 1", 0.335, 0.01),
        ("credit_card_level == 'prepaid'", 0.452, 0.01),
        ("is_lp == 1", 0.225, 0.01),
        ("aff_type == 'PPL'", 0.549, 0.015),
        ("aff_type == 'PPS'", 0.448, 0.015),
        ("aff_type == 'Other'", 0.0017, 0.001),
        ("is_cancelled == 1", 0.519, 0.01),
        ("STV == 0.3975", 0.684, 0.01),
        ("STV == 16.277625", 0.147, 0.008),
        ("STV == 1.1925", 0.084, 0.006),
        ("STV == 15.880125", 0.061, 0.005),
        ("STV == 17.2833", 0.006, 0.002),
        ("STV == 0.795", 0.005, 0.002),
        ("STV == 1.9875", 0.003, 0.001),
        ("STV > 11", 0.224, 0.01),
        ("country_segment == 'US'", 0.782, 0.01),
        ("country_segment == 'CA'", 0.044, 0.004),
        ("country_segment == 'NG'", 0.026, 0.004),
        ("country_segment == 'KZ'", 0.001, 0.0006),
        ("target < STV", 0.008, 0.004),
    ],
)
def test_margins(august: pd.DataFrame, condition: str, known: float, tolerance: float) -> None:
    assert share(august, condition) == pytest.approx(known, abs=tolerance)


@pytest.mark.parametrize(
    ("among", "condition", "known", "tolerance"),
    [
        ("hidden == 1", "credit_card_level == 'prepaid'", 0.997, 0.002),
        ("hidden == 1", "is_cancelled == 1", 0.971, 0.01),
        ("hidden == 1", "STV > 11", 0.004, 0.003),
        ("hidden == 0", "STV > 11", 0.33, 0.015),
        ("country_segment == 'US'", "is_cancelled == 1", 0.57, 0.015),
        ("country_segment == 'CA'", "is_cancelled == 1", 0.62, 0.04),
        ("country_segment == 'UA'", "is_cancelled == 1", 0.144, 0.07),
        ("country_segment == 'SG'", "is_cancelled == 1", 0.17, 0.09),
        ("country_segment == 'US'", "STV > 11", 0.22, 0.01),
        ("country_segment == 'IL'", "STV > 11", 0.62, 0.08),
        ("country_segment == 'UA'", "STV > 11", 0.09, 0.06),
        ("STV == 1.1925", "is_cancelled == 1", 0.06, 0.02),
    ],
)
def test_features_hang_together(
    august: pd.DataFrame, among: str, condition: str, known: float, tolerance: float
) -> None:
    assert share(august.query(among), condition) == pytest.approx(known, abs=tolerance)


def test_amounts(site: Simulation, august: pd.DataFrame) -> None:
    assert august["STV"].mean() == pytest.approx(4.01, abs=0.15)
    assert august["STV"].std() == pytest.approx(6.58, abs=0.15)
    assert august["STV"].max() == pytest.approx(47.6523)
    dollars = august["STV"] / 0.3975
    np.testing.assert_allclose(dollars, dollars.round(2), atol=1e-4)
    assert site.valid.users["target"].mean() == pytest.approx(6.5, abs=0.3)
    assert site.valid.users["target"].std() == pytest.approx(10.8, abs=0.8)


def test_sizes_and_periods(site: Simulation) -> None:
    assert len(site.train.users) == pytest.approx(371_727, rel=0.03)
    joined = {name: getattr(site, name).users["join_date"] for name in ("train", "valid", "test")}
    assert joined["train"].min() < pd.Timestamp("2018-12-02")
    assert joined["train"].max() < VALID <= joined["valid"].min()
    assert joined["valid"].max() < TEST <= joined["test"].min()
    assert joined["test"].max() > pd.Timestamp("2019-08-31")


def test_a_segment_first_appears_in_july(site: Simulation) -> None:
    train, valid, test = (
        set(part.users["country_segment"]) for part in (site.train, site.valid, site.test)
    )
    assert len(train) == 19
    assert valid - train == {"CA"}
    assert test == valid


def test_users_are_unique_and_numbered_as_they_join(site: Simulation) -> None:
    users = pd.concat([site.train.users, site.valid.users, site.test.users])
    assert users["user_id"].is_monotonic_increasing
    assert users["user_id"].is_unique
    assert users["join_date"].is_monotonic_increasing


def test_most_join_on_saturday_fewest_on_wednesday(site: Simulation) -> None:
    joins = site.train.users["join_date"].dt.day_name().value_counts()
    assert joins.idxmax() == "Saturday"
    assert joins.idxmin() == "Wednesday"


def test_joins_follow_the_clock_and_fridays_convert(site: Simulation) -> None:
    users = site.train.users
    hours = users["join_date"].dt.hour.value_counts(normalize=True)
    assert hours[6] == pytest.approx(3043 / 57_000, abs=0.003)
    assert hours[12] == pytest.approx(1852 / 57_000, abs=0.003)
    visible = users[users["hidden"] == 0]
    converted = (visible["STV"] > 11).groupby(visible["join_date"].dt.day_name()).mean()
    assert converted["Friday"] > converted["Monday"] + 0.005


def test_values_are_missing_in_the_test_month_only(site: Simulation, august: pd.DataFrame) -> None:
    assert not site.train.users.isna().any(axis=None)
    assert not site.valid.users.isna().any(axis=None)
    missing = august.isna().sum()
    assert set(missing[missing > 0].index) == {"aff_type", "is_cancelled"}
    assert missing["aff_type"] / len(august) == pytest.approx(100 / 59_498, abs=0.0007)


def test_behaviour_drifts_mildly(site: Simulation) -> None:
    months = site.train.users.assign(month=site.train.users["join_date"].dt.month)
    us = months[(months["country_segment"] == "US") & (months["hidden"] == 0)]
    converted = us.assign(converted=us["STV"] > 11).groupby("month")["converted"].mean()
    assert 0.01 < converted[12] - converted[6] < 0.05


def test_the_oracle_is_right_on_average(site: Simulation) -> None:
    for part in (site.train, site.valid, site.test):
        error = part.users["target"] - part.oracle
        by_segment = error.groupby(part.users["country_segment"]).agg(["mean", "sem"])
        assert abs(error.mean()) < 4 * error.sem()
        assert (by_segment["mean"].abs() < 4.5 * by_segment["sem"]).all()


def test_the_oracle_leaves_about_as_much_noise_as_is_known(site: Simulation) -> None:
    target = site.valid.users["target"]
    explained = 1 - ((target - site.valid.oracle) ** 2).mean() / target.var()
    assert 0.60 < explained < 0.68


def test_files_have_the_known_shape(tmp_path: Path) -> None:
    sizes = simulate(20, seed=1).write(tmp_path / "made")
    read = {name: (tmp_path / "made" / name).read_text() for name in sizes}
    header = ",".join(COLUMNS)
    assert read["train.csv"].startswith(f"{header},target\n")
    assert read["valid.csv"].startswith(f"{header},target\n")
    assert read["test.csv"].startswith(f"{header}\n")
    assert len(read_users(tmp_path / "made" / "train.csv", unique=True)) == sizes["train.csv"]
    first = pd.read_csv(tmp_path / "made" / "train.csv", dtype=str).iloc[0]
    assert first["hidden"] in {"0", "1"}
    assert len(first["join_date"]) == len("2019-08-01 00:00:21")


def test_missing_values_are_written_as_na(tmp_path: Path) -> None:
    simulate(400, seed=1).write(tmp_path)
    text = pd.read_csv(tmp_path / "test.csv", dtype=str, keep_default_na=False)
    assert (text["aff_type"] == "NA").any()
    assert (text["is_cancelled"] == "NA").any()
    assert set(text["is_cancelled"]) == {"0", "1", "NA"}


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        simulate(10, seed).write(tmp_path / folder)
    files = ("train.csv", "valid.csv", "test.csv")
    a, b, c = ([(tmp_path / folder / file).read_bytes() for file in files] for folder in "abc")
    assert a == b
    assert all(ours != theirs for ours, theirs in zip(a, c, strict=True))
