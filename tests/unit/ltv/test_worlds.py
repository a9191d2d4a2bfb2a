from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.files import read_users
from valuebox_cli.main import app
from valuebox_training.ltv.simulate import Simulation, simulate
from valuebox_training.ltv.train import train
from valuebox_training.ltv.worlds import VALID, WORLDS

RUNNER = CliRunner()
RATE = 300.0


@pytest.fixture(scope="module")
def worlds() -> dict[str, Simulation]:
    return {name: simulate(RATE, 5, name) for name in WORLDS}


def unseen(site: Simulation) -> set[str]:
    seen, new = (set(part.users["country_segment"].dropna()) for part in (site.train, site.valid))
    return new - seen


def renewal(users: pd.DataFrame) -> float:
    """Share of those who have paid a month, and not cancelled, who pay another one."""
    paid = users[(users["STV"] > 11) & (users["is_cancelled"] == 0)]
    return float((paid["target"] > paid["STV"] + 5).mean())


def by_month(site: Simulation, first: str, last: str) -> tuple[float, float]:
    users = pd.concat([site.train.users, site.valid.users, site.test.users])
    month = users["join_date"].dt.strftime("%Y-%m")
    return renewal(users[month == first]), renewal(users[month == last])


@pytest.mark.parametrize("name", WORLDS)
def test_the_oracle_of_every_world_is_right_on_average(
    worlds: dict[str, Simulation], name: str
) -> None:
    for part in (worlds[name].train, worlds[name].valid, worlds[name].test):
        error = part.users["target"] - part.oracle
        assert abs(error.mean()) < 4.5 * error.sem()


@pytest.mark.parametrize("name", WORLDS)
def test_segments_appear_when_their_world_says(worlds: dict[str, Simulation], name: str) -> None:
    assert unseen(worlds[name]) == set(WORLDS[name].appears)


def test_nothing_moves_in_the_calm(worlds: dict[str, Simulation]) -> None:
    first, last = by_month(worlds["calm"], "2018-12", "2019-08")
    assert first == pytest.approx(last, abs=0.05)


def test_renewal_decays_jumps_and_rebounds(worlds: dict[str, Simulation]) -> None:
    first, last = by_month(worlds["decay"], "2018-12", "2019-08")
    assert last < first - 0.1
    low, high = by_month(worlds["rebound"], "2019-04", "2019-07")
    assert high > low + 0.1
    before, after = by_month(worlds["price"], "2019-04", "2019-06")
    assert after < before - 0.02


def test_the_price_changes_the_amounts(worlds: dict[str, Simulation]) -> None:
    amounts = set(worlds["price"].valid.users["STV"].round(4))
    assert round(50.95 * 0.3975, 4) in amounts
    assert 16.2776 not in amounts


def test_the_mix_moves(worlds: dict[str, Simulation]) -> None:
    shares = [
        part.users["country_segment"].value_counts(normalize=True)
        for part in (worlds["mix"].train, worlds["mix"].test)
    ]
    assert shares[1]["IN"] > 4 * shares[0]["IN"]
    assert shares[1]["RU"] < 0.6 * shares[0]["RU"]


def test_gaps_are_everywhere(worlds: dict[str, Simulation]) -> None:
    for part in (worlds["gaps"].train, worlds["gaps"].valid, worlds["gaps"].test):
        missing = part.users.isna().mean()
        assert missing["aff_type"] == pytest.approx(0.20, abs=0.02)
        assert missing["STV"] == pytest.approx(0.04, abs=0.01)
        assert missing["target"] == 0


def test_one_country_and_one_month_are_enough_to_learn_from(tmp_path: Path) -> None:
    simulate(30, 1, "tiny").write(tmp_path)
    users = read_users(tmp_path / "train.csv")
    assert set(users["country_segment"]) == {"GB"}
    assert users["join_date"].min() >= VALID - pd.Timedelta(days=30)
    trained = train(tmp_path / "train.csv", tmp_path / "valid.csv", "tiny")
    assert trained.validation.month.macro < 2.0


def test_the_command_lists_worlds_and_refuses_others(tmp_path: Path) -> None:
    listed = RUNNER.invoke(app, ["simulate", str(tmp_path), "--world", "list"])
    assert listed.output.startswith("site: ")
    refused = RUNNER.invoke(app, ["simulate", str(tmp_path), "--world", "flat"])
    assert refused.exit_code == 2
    assert "no world 'flat'" in " ".join(refused.output.split())


def test_the_oracle_is_written_on_request(tmp_path: Path) -> None:
    command = ["simulate", str(tmp_path), "--users-per-day", "5", "--world", "decay", "--oracle"]
    assert RUNNER.invoke(app, command).exit_code == 0
    users = pd.read_csv(tmp_path / "train.csv")
    oracle = pd.read_csv(tmp_path / "oracle-train.csv")
    assert oracle["user_id"].tolist() == users["user_id"].tolist()
    assert oracle["oracle"].mean() == pytest.approx(users["target"].mean(), abs=1.0)


def test_the_oracle_knows_no_more_than_what_is_left_of_a_user() -> None:
    part = simulate(users_per_day=120, seed=4, world="gaps").train
    users = part.users.assign(oracle=part.oracle, month=part.users["join_date"].dt.month)
    with_gaps = users[users[list(FEATURES)].isna().any(axis=1)]
    assert 0.4 < len(with_gaps) / len(users) < 0.7
    alike = with_gaps.groupby(["month", *FEATURES], dropna=False)["oracle"]
    assert alike.nunique().max() == 1
    residual = with_gaps["target"] - with_gaps["oracle"]
    for name in FEATURES:
        missing = residual[with_gaps[name].isna()]
        assert abs(missing.mean()) < 4 * missing.std() / len(missing) ** 0.5, name
