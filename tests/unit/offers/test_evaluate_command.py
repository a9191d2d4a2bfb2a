"""`valuebox offers evaluate` on logs of others."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.commands import valuebox

N = 4_000
EARNS = np.array([[0.10, 0.30, 0.20], [0.40, 0.05, 0.20]])
"""How likely each of three offers is bought, by country."""


def made_up(seed: int = 0, often: bool = False) -> pd.DataFrame:
    """A log of three offers; half the players are of a country that likes another one best."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, N // 5, N) if often else np.arange(N)
    country = customer % 2
    propensity = np.where(country[:, None] == 0, [0.5, 0.2, 0.3], [0.2, 0.5, 0.3])
    action = (propensity.cumsum(axis=1)[:, :-1] < rng.random((N, 1))).sum(axis=1)
    return pd.DataFrame(
        {
            "customer": [f"player {one}" for one in customer],
            "country": np.where(country == 0, "DE", "US"),
            "age": rng.integers(18, 80, N),
            "position": rng.integers(1, 4, N),
            "action": np.array(["coins", "gems", "xmas"])[action],
            "propensity": propensity[np.arange(N), action],
            "reward": (rng.random(N) < EARNS[country, action]).astype(float),
        }
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log.parquet"
    made_up().to_parquet(file)
    return file


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of policies in the working directory; its name."""
    name = f"policies_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(
        "import numpy as np\n"
        "def by_country(context, actions):\n"
        "    return np.where(context['country'] == 'DE', 'gems', 'coins')\n"
        "def likely(context, actions):\n"
        "    best = np.array([[one == each for each in actions] for one in"
        " by_country(context, actions)])\n"
        "    return .9 * best + .1 / len(actions)\n"
        "def unknown(context, actions):\n"
        "    return ['pearls'] * len(context)\n"
        "def too_much(context, actions):\n"
        "    return np.ones((len(context), len(actions)))\n"
        "def too_few(context, actions):\n"
        "    return np.ones(2)\n"
        "text = 'no function'\n"
    )
    monkeypatch.chdir(tmp_path)
    return name


def asked(log: Path, tmp_path: Path, *options: str) -> dict[str, Any]:
    """What the command writes as JSON, with the policies by name."""
    to = tmp_path / "found.json"
    valuebox("offers", "evaluate", "--log", log, "--json", to, *options)
    found: dict[str, Any] = json.loads(to.read_text())
    return found | {"by": {one["policy"]: one for one in found["policies"]}}


def test_estimates_are_about_the_truth(log: Path, policies: str, tmp_path: Path) -> None:
    truth = {
        "random": EARNS.mean(),
        "best-fixed": EARNS.mean(axis=0).max(),
        f"{policies}:by_country": 0.35,
        f"{policies}:likely": 0.9 * 0.35 + 0.1 * EARNS.mean(),
    }
    found = asked(log, tmp_path, *(f"--policy={name}" for name in truth))
    assert list(found["by"]) == ["served", *truth]
    for name, earns in truth.items():
        for way in ("ips", "snips", "doubly_robust"):
            estimate = found["by"][name][way]
            assert estimate["lower"] < estimate["value"] < estimate["upper"]
            assert estimate["value"] == pytest.approx(earns, abs=0.05), (name, way)
        assert found["by"][name]["direct"]["value"] == pytest.approx(earns, abs=0.05)
    best = found["by"][f"{policies}:by_country"]["difference"]
    assert best["lower"] > 0.1
    assert found["by"]["best-fixed"]["told"] == "always coins"
    assert found["decisions"] == found["players"] == N


def test_the_table_shows_every_policy(log: Path) -> None:
    out, err = valuebox("offers", "evaluate", "--log", log)
    assert "4,000 decisions of 4,000 players" in out
    for name in ("served", "random", "best-fixed"):
        assert out.count(name) >= 2
    assert "error" not in err


def test_csv_and_parquet_say_the_same(log: Path, policies: str, tmp_path: Path) -> None:
    csv = tmp_path / "log.csv.gz"
    pd.read_parquet(log).to_csv(csv, index=False)
    name = f"--policy={policies}:by_country"
    first, second = (asked(file, tmp_path, name) for file in (log, csv))
    assert first == second


def test_numbers_in_csv_are_numbers_to_a_policy(policies: str, tmp_path: Path) -> None:
    frame = made_up()
    frame["action"] = frame["action"].map({"coins": 10, "gems": 20, "xmas": 30})
    frame.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / f"{policies}.py").write_text(
        "def tens(context, actions):\n"
        "    assert actions == [10, 20, 30] and context['age'].min() == 18\n"
        "    return [20] * len(context)\n"
    )
    found = asked(tmp_path / "log.csv", tmp_path, f"--policy={policies}:tens")
    assert found["by"][f"{policies}:tens"]["ips"]["value"] == pytest.approx(0.175, abs=0.04)


def test_columns_may_be_called_otherwise_and_decisions_belong_to_players(tmp_path: Path) -> None:
    frame = made_up(often=True)
    frame.to_parquet(tmp_path / "usual.parquet")
    other = {"action": "offer", "propensity": "p", "reward": "money", "customer": "who"}
    frame.rename(columns=other).to_parquet(tmp_path / "other.parquet")
    usual = asked(tmp_path / "usual.parquet", tmp_path, "--context=country")
    options = [f"--{name}={column}" for name, column in other.items() if name != "customer"]
    found = asked(
        tmp_path / "other.parquet", tmp_path, *options, "--cluster=who", "--context=country"
    )
    assert found == usual
    assert found["players"] < N


def test_rewards_count_up_to_a_cap(log: Path, tmp_path: Path) -> None:
    frame = pd.read_parquet(log)
    frame["reward"] *= 7.0
    frame.to_parquet(log)
    found = asked(log, tmp_path, "--cap=5")
    share = float((frame["reward"] > 0).mean())
    assert found["by"]["served"]["ips"]["value"] == pytest.approx(5 * share)
    assert found["cap"] == 5


def test_where_the_log_can_tell_of_nothing_the_exit_code_says_so(
    policies: str, tmp_path: Path
) -> None:
    frame = made_up().iloc[:300]
    frame.to_csv(tmp_path / "log.csv", index=False)
    name = f"{policies}:by_country"
    log = tmp_path / "log.csv"
    _, err = valuebox("offers", "evaluate", "--log", log, f"--policy={name}", exit_code=3)
    assert f"{name}: the log tells as much of it as" in err
    valuebox("offers", "evaluate", "--log", log, f"--policy={name}", "--policy=random")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("propensity", 0.0, "row 8 has no propensity from above 0 up to 1"),
        ("propensity", 1.5, "row 8 has no propensity from above 0 up to 1"),
        ("reward", np.nan, "row 8 has no reward that is a number"),
        ("action", None, "row 8 has no action that is there"),
        ("customer", None, "row 8 has no customer that is there"),
    ],
)
def test_a_row_that_is_not_whole_is_named(
    column: str, value: Any, said: str, tmp_path: Path
) -> None:
    frame = made_up()
    frame.loc[7, column] = value
    for file in (tmp_path / "log.csv", tmp_path / "log.parquet"):
        (frame.to_csv if file.suffix == ".csv" else frame.to_parquet)(file, index=False)
        _, err = valuebox("offers", "evaluate", "--log", file, exit_code=2)
        assert said in err


def test_a_column_that_is_not_there_is_named(log: Path) -> None:
    _, err = valuebox("offers", "evaluate", "--log", log, "--reward=money", exit_code=2)
    assert "has no column money; it has" in err


def test_a_log_without_rows_is_refused(tmp_path: Path) -> None:
    made_up().iloc[:0].to_csv(tmp_path / "log.csv", index=False)
    _, err = valuebox("offers", "evaluate", "--log", tmp_path / "log.csv", exit_code=2)
    assert "has no rows" in err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unknown", "the policy chose 'pearls', which is no action of the log"),
        ("too_much", "sum to 3, and not to 1"),
        ("too_few", "the policy answered 2 of 4000 decisions and 3 actions"),
        ("missing", "cannot be imported"),
        ("text", "is no function"),
    ],
)
def test_a_policy_that_is_none_is_refused(name: str, said: str, log: Path, policies: str) -> None:
    _, err = valuebox(
        "offers", "evaluate", "--log", log, f"--policy={policies}:{name}", exit_code=2
    )
    assert said in err


def test_a_name_that_is_no_policy_is_refused(log: Path) -> None:
    _, err = valuebox("offers", "evaluate", "--log", log, "--policy=best", exit_code=2)
    assert "'best' is none of random, best-fixed and module:function" in err
