"""`valuebox score`: files through the model, without a server."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import warm
from support.commands import only_line, valuebox, write_users
from support.services import Service, eventually

from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.compartments.ltv.model import LtvModel

COLUMNS = ["user_id", "prediction", "lower", "upper", "model"]
MANY = 3_000
FEW_AT_ONCE = 20


@pytest.fixture(scope="module")
def users(data_dir: Path) -> pd.DataFrame:
    # The test month has gaps and a country that was never seen in training.
    return read_users(data_dir / "test.csv")


@pytest.fixture(scope="module")
def files(users: pd.DataFrame, data_dir: Path, tmp_path_factory) -> dict[str, Path]:
    parquet = tmp_path_factory.mktemp("files") / "users.parquet"
    users.to_parquet(parquet, row_group_size=100)
    return {"csv": data_dir / "test.csv", "parquet": parquet}


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


@pytest.mark.parametrize(
    ("kind", "out"), [("csv", "csv"), ("parquet", "parquet"), ("parquet", "csv")]
)
@pytest.mark.parametrize("batch_size", [97, 100_000])
def test_a_file_gets_what_the_model_says(
    files, users: pd.DataFrame, model_tag: str, tmp_path: Path, kind: str, out: str, batch_size: int
) -> None:
    written = tmp_path / f"scores.{out}"
    command = ["score", files[kind], "--out", written, "--model", model_tag]
    said, _ = valuebox(*command, "--batch-size", batch_size)
    assert f"{len(users):,} users predicted by {model_tag}" in re.sub(r"\s+", " ", said)
    scores = read(written)
    assert list(scores) == COLUMNS
    assert scores["user_id"].tolist() == users["user_id"].tolist()
    assert set(scores["model"]) == {model_tag}
    estimates = LtvModel.load(model_tag).estimate(columns_of(users))
    for name, values in estimates._asdict().items():
        np.testing.assert_array_equal(scores[name], values)
    assert list(tmp_path.iterdir()) == [written]


def test_a_file_gets_what_the_service_answers(
    service: Service, files, users: pd.DataFrame, tmp_path: Path
) -> None:
    valuebox("score", files["parquet"], "--out", tmp_path / "scores.parquet")
    sent = users.astype({"join_date": str}).drop(columns="target", errors="ignore")
    bodies = sent.astype(object).where(sent.notna(), None).to_dict("records")
    answered = pd.DataFrame(service.predict(bodies))[COLUMNS]
    scores = read(tmp_path / "scores.parquet").astype({"model": object})
    pd.testing.assert_frame_equal(scores, answered, check_exact=True, check_dtype=False)


@pytest.mark.parametrize(
    ("how", "out"), [(signal.SIGINT, "scores.csv"), (signal.SIGKILL, "scores.parquet")]
)
@pytest.mark.slow("cli/valuebox_cli/ltv", "src/valuebox/compartments/ltv")
def test_an_interrupted_run_goes_on_where_it_stopped(
    users: pd.DataFrame, model_tag: str, tmp_path: Path, how: signal.Signals, out: str
) -> None:
    file, written, parts = tmp_path / "many.parquet", tmp_path / out, tmp_path / f"{out}.parts"
    users.iloc[np.arange(MANY) % len(users)].assign(user_id=np.arange(MANY)).to_parquet(file)
    command = ["score", str(file), "--out", str(written), "--model", model_tag]
    command += ["--batch-size", str(FEW_AT_ONCE)]
    stopped = warm.Popen(
        [str(Path(sys.executable).with_name("valuebox")), *command], stderr=subprocess.PIPE
    )
    eventually(lambda: (parts / f"000003{written.suffix}").exists(), seconds=60)
    stopped.send_signal(how)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode != 0
    if how == signal.SIGINT:
        assert stopped.returncode == 130
        assert "the same command goes on from there" in said.decode()
    assert not written.exists()

    # One that is done is taken as it is.
    first = parts / f"000000{written.suffix}"
    second = first.with_name(f"000001{written.suffix}")
    first.write_bytes(second.read_bytes())
    said, _ = valuebox(*command)
    assert f"{MANY:,} users predicted" in said
    numbers = np.arange(MANY)
    numbers[:FEW_AT_ONCE] += FEW_AT_ONCE
    np.testing.assert_array_equal(read(written)["user_id"], numbers)
    assert not parts.exists()


@pytest.fixture
def unfinished(files, users: pd.DataFrame, model_tag: str, tmp_path: Path) -> Path:
    """The output of a run that was stopped before it had done anything but begin."""
    out = tmp_path / "scores.csv"
    valuebox("score", files["csv"], "--out", out, "--model", model_tag)
    begun = tmp_path / "scores.csv.parts"
    begun.mkdir()
    (begun / "manifest.json").write_text(
        '{"input": {"bytes": 0}, "model": "ltv:old", "batch size": 100000}'
    )
    (begun / "000000.csv").write_text("1,2,3,4,ltv:old\n")
    return out


def test_what_another_run_left_is_not_mixed_in(unfinished: Path, files, model_tag: str) -> None:
    command = ["score", files["csv"], "--out", unfinished, "--model", model_tag]
    whole = unfinished.read_text()
    _, said = valuebox(*command, exit_code=2)
    assert "another input, another model (ltv:old)" in re.sub(r"\s+", " ", said)
    assert "--fresh" in said
    assert unfinished.read_text() == whole
    valuebox(*command, "--fresh")
    assert unfinished.read_text() == whole
    assert not unfinished.with_name("scores.csv.parts").exists()


def test_a_folder_of_somebody_else_is_left_alone(files, model_tag: str, tmp_path: Path) -> None:
    theirs = tmp_path / "scores.csv.parts" / "precious"
    theirs.mkdir(parents=True)
    command = ["score", files["csv"], "--out", tmp_path / "scores.csv", "--fresh"]
    _, said = valuebox(*command, exit_code=2)
    assert "holds something else" in only_line(said)
    assert theirs.exists()


def test_bad_rows_are_named_all_of_them_and_nothing_is_written(
    users: pd.DataFrame, model_tag: str, tmp_path: Path
) -> None:
    bad = users.copy()
    bad.loc[[4, 250], "STV"] = [-1, 2e6]
    bad.loc[[7], "hidden"] = 2
    bad.loc[range(200, 210), "aff_type"] = "x" * 101
    bad.loc[[0], "join_date"] = pd.NaT
    bad.to_parquet(tmp_path / "users.parquet")
    write_users(tmp_path / "users.csv", bad)
    for name in ("users.parquet", "users.csv"):
        out = tmp_path / "scores.csv"
        command = ["score", tmp_path / name, "--out", out, "--batch-size", 50]
        _, said = valuebox(*command, exit_code=2)
        assert "STV is no amount from 0 to 1,000,000: rows 5, 251" in said
        assert "hidden is neither 0 nor 1: row 8" in said
        assert "rows 201, 202, 203, 204, 205 and 5 more" in said
        assert "join_date is missing: row 1" in said
        assert sorted(tmp_path.iterdir()) == [tmp_path / "users.csv", tmp_path / "users.parquet"]


def lacking(path: Path, what: str) -> Path:
    table = pa.table({"user_id": [1], "STV": [1.0]})
    if what == "empty":
        path.write_bytes(b"")
    elif path.suffix == ".parquet":
        pq.write_table(table if what == "columns" else SCHEMA.empty_table(), path)
    else:
        path.write_text("user_id,STV\n1,1.0\n" if what == "columns" else "user_id,join_date\n")
    return path


SCHEMA = pa.schema([("user_id", pa.int64()), ("join_date", pa.timestamp("us"))])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("columns", "lacks the column join_date; it has user_id, STV"),
        ("users", "holds no users, only a header"),
        ("empty", "users"),
    ],
)
def test_files_without_users_are_refused(
    model_tag: str, tmp_path: Path, suffix: str, what: str, told: str
) -> None:
    file = lacking(tmp_path / f"users.{suffix}", what)
    _, said = valuebox("score", file, "--out", tmp_path / "scores.csv", exit_code=2)
    assert told in said
    assert list(tmp_path.iterdir()) == [file]


def test_files_that_cannot_be_used_are_refused_at_once(
    files, model_tag: str, tmp_path: Path
) -> None:
    out = tmp_path / "scores.csv"
    for file, to, model, told in (
        (files["csv"], tmp_path / "no" / "scores.csv", "ltv", "cannot be written"),
        (files["csv"], tmp_path / "scores.txt", "ltv", "the name ends neither in"),
        (tmp_path / "users.csv", out, "ltv", "there is no such file"),
        (tmp_path / "users.parquet", out, "ltv", "there is no such file"),
        (files["csv"], files["csv"], "ltv", "is the input"),
        (files["csv"], out, "none", "has no model 'none'"),
    ):
        _, said = valuebox("score", file, "--out", to, "--model", model, exit_code=2)
        assert told in said
    assert list(tmp_path.iterdir()) == []


def test_a_feature_under_nearly_its_name_is_told_or_refused(
    users: pd.DataFrame, model_tag: str, tmp_path: Path
) -> None:
    file, out = tmp_path / "users.parquet", tmp_path / "scores.csv"
    users.rename(columns={"STV": "stv"}).to_parquet(file)
    command = ["score", file, "--out", out, "--model", model_tag]
    _, said = valuebox(*command, "--strict", exit_code=2)
    assert "refused, because of --strict" in said
    assert not out.exists()
    _, said = valuebox(*command)
    assert said.splitlines() == [
        f'warning: {file}: The column "stv" is not used: is STV meant?',
        f"warning: {file}: No column is called STV: it is taken as missing for every user.",
    ]
    assert read(out)["user_id"].tolist() == users["user_id"].tolist()


def test_amounts_beyond_what_the_model_has_learned_from_are_told(
    users: pd.DataFrame, model_tag: str, tmp_path: Path
) -> None:
    file, out = tmp_path / "users.parquet", tmp_path / "scores.csv"
    users.assign(STV=users["STV"].where(~users.index.isin([30, 55]), 1_000.0)).to_parquet(file)
    command = ["score", file, "--out", out, "--model", model_tag, "--batch-size", 20]
    _, said = valuebox(*command)
    assert f"warning: {file}: The model has learned from STV between" in said
    assert "that of 2 users, the first one in row 31 is outside" in only_line(said)
    assert (read(out)["prediction"][[30, 55]] >= 1_000).all()


def test_the_output_is_no_part_of_the_input(users: pd.DataFrame, tmp_path: Path) -> None:
    users.to_parquet(tmp_path / "part-0.parquet")
    _, said = valuebox("score", tmp_path, "--out", tmp_path / "scores.parquet", exit_code=2)
    assert "lies in the input" in only_line(said)
