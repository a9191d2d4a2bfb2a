from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from valuebox.compartments.ltv.files import BadFile, read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox_cli.main import app
from valuebox_training.ltv import pipeline
from valuebox_training.ltv.search import SPACE, Trial, search, time_ordered_folds


@pytest.fixture(scope="module")
def users(data_dir: Path) -> pd.DataFrame:
    return read_users(data_dir / "train.csv")


def test_every_fold_is_judged_on_days_after_those_it_learns_from(users: pd.DataFrame) -> None:
    folds = time_ordered_folds(users.sample(frac=1, random_state=1))
    assert len(folds) == 3
    for earlier, later in folds:
        assert earlier["join_date"].max().normalize() < later["join_date"].min().normalize()
        assert len(earlier) > len(users) / 2
        assert len(later) > len(users) / 10
    judged = [later["user_id"] for _, later in folds]
    assert pd.concat(judged).is_unique


def test_the_best_trial_wins_and_the_default_takes_part(users: pd.DataFrame) -> None:
    tried: list[Trial] = []
    few = users.head(1_500)
    best = search(few, trials=2, seed=1, tried=tried.append)
    assert len(tried) == 3
    assert tried[0].booster == pipeline.BOOSTER
    assert best.loss == min(trial.loss for trial in tried)
    assert all(value in SPACE[name] for trial in tried for name, value in trial.changed.items())
    assert search(few, trials=2, seed=1) == best


def test_users_without_a_target_play_no_part(users: pd.DataFrame) -> None:
    known = users.head(1_000)
    later = known.assign(join_date=known["join_date"] + pd.Timedelta(days=500), target=None)
    both = pd.concat([known, later], ignore_index=True).astype({"target": float})
    assert search(both, trials=0).loss == search(known, trials=0).loss


def test_a_single_day_cannot_be_searched_on(users: pd.DataFrame) -> None:
    with pytest.raises(BadFile, match="too few days"):
        search(users.assign(join_date=users["join_date"].min()), trials=1)


def test_the_command_says_what_it_tried_and_saves_the_best(data_dir: Path) -> None:
    options = ["--data", str(data_dir), "--model", "searched", "--trials", "1"]
    result = CliRunner().invoke(app, ["train", *options])
    assert result.exit_code == 0, result.stderr
    tried = [line for line in result.stdout.splitlines() if line.startswith("mean squared error")]
    assert len(tried) == 2
    assert tried[0].endswith(": as usual")
    losses = [float(line.split()[3].rstrip(":")) for line in tried]
    booster = LtvModel.load("searched").metadata["booster"]
    assert (booster == pipeline.BOOSTER) == (losses[0] <= losses[1])
