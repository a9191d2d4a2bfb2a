from pathlib import Path

import bentoml
import pandas as pd
import pytest
from typer.testing import CliRunner

from valuebox.compartments.ltv.files import BadFile
from valuebox.compartments.ltv.model import LtvModel
from valuebox.models.registry import library_versions
from valuebox_cli.main import app
from valuebox_training.ltv.train import Trained, train

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def trained(data_dir: Path) -> Trained:
    return train(data_dir / "train.csv", data_dir / "valid.csv", "seen")


def booster_of(tag: str) -> bytes:
    return (Path(bentoml.models.get(tag).path) / "booster.ubj").read_bytes()


def test_the_model_carries_how_it_was_made(trained: Trained, data_dir: Path) -> None:
    users = pd.read_csv(data_dir / "train.csv")
    stored = bentoml.models.get(trained.tag)
    metadata = LtvModel.load(trained.tag).metadata
    assert metadata["training_users"] == trained.users == len(users)
    assert metadata["training_window"] == {
        "first_join": users["join_date"].min(),
        "last_join": users["join_date"].max(),
    }
    assert metadata["libraries"] == library_versions()
    assert "country_segment=US" in metadata["features"]
    assert metadata["validation"]["day_macro"] == trained.validation.day.macro
    assert stored.info.labels == {"kind": "ltv", "training_window": "2019-06"}
    assert stored.info.metadata == metadata


def test_what_is_learned_from_has_a_target(data_dir: Path, tmp_path: Path) -> None:
    users = pd.read_csv(data_dir / "train.csv")
    users.loc[40:, "target"] = None
    users.to_parquet(tmp_path / "train.parquet")
    trained = train(tmp_path / "train.parquet", None, "few")
    assert (trained.users, trained.without) == (40, len(users) - 40)
    metadata = LtvModel.load(trained.tag).metadata
    assert metadata["training_users"] == 40
    assert metadata["training_window"]["last_join"] == users["join_date"][:40].max()


def test_a_target_that_must_be_wrong_is_refused_or_kept(data_dir: Path, tmp_path: Path) -> None:
    users = pd.read_csv(data_dir / "train.csv")
    users.loc[7, "target"] = 1_000_000
    users.to_csv(tmp_path / "train.csv", index=False)
    with pytest.raises(BadFile, match=r"others lead to expect: row 8\n.*--keep-outliers"):
        train(tmp_path / "train.csv", None, "wrong")
    assert train(tmp_path / "train.csv", None, "wrong", keep_outliers=True).users == len(users)


def test_validation_users_stay_unseen(trained: Trained, data_dir: Path, tmp_path: Path) -> None:
    valid = pd.read_csv(data_dir / "valid.csv")
    valid.assign(target=valid["target"] * 3 + 1).to_csv(tmp_path / "valid.csv", index=False)
    other = train(data_dir / "train.csv", tmp_path / "valid.csv", "seen")
    assert booster_of(other.tag) == booster_of(trained.tag)
    assert other.validation.day.macro > trained.validation.day.macro


def test_the_new_segment_is_judged_too(trained: Trained) -> None:
    segments = [row.country_segment for row in trained.validation.month.segments]
    assert "CA" in segments
    assert "country_segment=CA" not in LtvModel.load(trained.tag).metadata["features"]


def test_the_model_beats_its_baseline_where_it_counts(trained: Trained) -> None:
    assert trained.validation.month.macro < trained.validation.month.macro_baseline


def test_the_command_prints_the_table_and_the_tag(data_dir: Path) -> None:
    result = RUNNER.invoke(app, ["train", "--data", str(data_dir), "--model", "printed"])
    assert result.exit_code == 0, result.output
    assert "Mean absolute error of the cohort mean" in result.output
    assert str(bentoml.models.get("printed").tag) in result.output
    assert "CA" in result.output


def test_without_validation_users_nothing_is_judged(data_dir: Path) -> None:
    result = RUNNER.invoke(
        app, ["train", "--train", str(data_dir / "train.csv"), "--model", "unjudged"]
    )
    assert result.exit_code == 0, result.output
    assert "cohort" not in result.output
    assert "validation" not in LtvModel.load("unjudged").metadata


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drop": "STV"}, "lacks the column STV"),
        ({"drop": ["hidden", "is_lp"]}, "knows hidden, is_lp: columns without any value will do"),
        ({"drop": "target"}, "lacks the column target"),
        ({"set": ("STV", "cheap")}, "STV is no amount from 0 to 1,000,000: row 3"),
        ({"set": ("join_date", "2019-13-01")}, "join_date is no date"),
        ({"set": ("user_id", "same")}, "user_id is no whole number"),
        ({"set": ("hidden", "7")}, "hidden is neither 0 nor 1: row 3"),
        ({"copy": 5}, "user_id appears more than once: rows 1, 6"),
    ],
)
def test_a_bad_file_ends_with_exit_code_2_and_saves_nothing(
    data_dir: Path, tmp_path: Path, change: dict, message: str
) -> None:
    users = pd.read_csv(data_dir / "train.csv", dtype=str).head(20)
    if "drop" in change:
        users = users.drop(columns=change["drop"])
    if "set" in change:
        users.loc[2, change["set"][0]] = change["set"][1]
    if "copy" in change:
        users.loc[change["copy"], "user_id"] = users.loc[0, "user_id"]
    path = tmp_path / "bad.csv"
    users.to_csv(path, index=False)
    result = RUNNER.invoke(app, ["train", "--train", str(path), "--model", "never"])
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert [model for model in bentoml.models.list() if model.tag.name == "never"] == []


def test_a_file_that_is_not_there_ends_with_exit_code_2(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["train", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "there is no such file" in " ".join(result.output.split())
