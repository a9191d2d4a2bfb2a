"""`--dask`: the same on other machines; here these are processes of this one, or its threads."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.commands import only_line, valuebox
from support.dask_clusters import local_cluster
from support.own_columns import DECLARED, OWN
from support.services import ROOT

from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox_cli.server import free_port
from valuebox_training.ltv.train import judge

# Each of them imports all that learning takes.
SLOW = pytest.mark.slow("training/valuebox_training/ltv")


@pytest.fixture(scope="module", params=["threads", pytest.param("processes", marks=SLOW)])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of a cluster whose workers are asked over sockets, wherever they run."""
    with local_cluster(processes=request.param == "processes") as cluster:
        yield cluster.scheduler_address


def test_a_cluster_scores_as_this_machine_does(
    address: str, data_dir: Path, model_tag: str, tmp_path: Path
) -> None:
    here, there = tmp_path / "here.parquet", tmp_path / "there.parquet"
    command = ["score", data_dir / "valid.csv", "--model", model_tag, "--batch-size", 100]
    valuebox(*command, "--out", here)
    valuebox(*command, "--out", there, "--dask", address)
    pd.testing.assert_frame_equal(pd.read_parquet(there), pd.read_parquet(here), check_exact=True)


def test_bad_rows_are_named_as_they_are_here(
    address: str, data_dir: Path, model_tag: str, tmp_path: Path
) -> None:
    users = read_users(data_dir / "valid.csv")
    users.loc[[4, 250], "STV"] = -1
    users.to_parquet(tmp_path / "users.parquet")
    command = ["score", tmp_path / "users.parquet", "--out", tmp_path / "scores.parquet"]
    _, said = valuebox(*command, "--batch-size", 100, "--dask", address, exit_code=2)
    assert "STV is no amount from 0 to 1,000,000: rows 5, 251" in said


def test_a_cluster_learns_as_well_as_this_machine(
    address: str, data_dir: Path, model_tag: str
) -> None:
    said, _ = valuebox("train", "--data", data_dir, "--model", "grown", "--dask", address)
    tag = re.search(r"saved as (grown:\w+)", re.sub(r"\s+", " ", said))
    assert tag
    valid = read_users(data_dir / "valid.csv")
    grown, usual = (judge(LtvModel.load(one), valid) for one in (tag[1], model_tag))
    assert grown.day.macro == pytest.approx(usual.day.macro, rel=0.05)
    assert grown.month.weighted == pytest.approx(usual.month.weighted, rel=0.25)
    assert grown.scores.mae == pytest.approx(usual.scores.mae, rel=0.05)


@SLOW
def test_a_cluster_learns_from_columns_of_ones_own(
    address: str, own_dir: Path, own_tag: str
) -> None:
    command = ["train", "--data", own_dir, "--columns", DECLARED, "--model", "grown-own"]
    said, _ = valuebox(*command, "--dask", address)
    tag = re.search(r"saved as (grown-own:\w+)", re.sub(r"\s+", " ", said))
    assert tag
    grown, usual = (LtvModel.load(one) for one in (tag[1], own_tag))
    assert set(OWN) <= {*grown.shape.features}
    users = pd.read_csv(own_dir / "valid.csv")
    columns = {name: users[name].to_numpy() for name in grown.shape.columns}
    said_there, said_here = grown.predict(columns), usual.predict(columns)
    assert np.corrcoef(said_there, said_here)[0, 1] > 0.97
    assert said_there.mean() == pytest.approx(said_here.mean(), rel=0.02)


@SLOW
def test_a_pipeline_of_ones_own_is_judged_beside_trees_of_a_cluster(
    address: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "examples" / "pipeline")
    own = "--pipeline", "mine:two_stages", "--model", "stages-beside", "--force"
    said, _ = valuebox("train", "--data", data_dir, *own, "--dask", address)
    told = re.sub(r"\s+", " ", said)
    assert "beside that of the house's own trees: by day, segments alike" in told
    assert "saved as stages-beside:" in told


def test_a_cluster_that_is_not_there_is_said_so(
    data_dir: Path, model_tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valuebox_cli.cluster._WAIT", 1)
    out = tmp_path / "scores.csv"
    for address, code in ((f"tcp://127.0.0.1:{free_port()}", 1), ("nonsense://x", 1)):
        command = ["score", data_dir / "valid.csv", "--out", out, "--dask", address]
        _, said = valuebox(*command, exit_code=code)
        assert f"no Dask scheduler answers at {address}" in only_line(said)
    monkeypatch.setitem(sys.modules, "distributed", None)
    _, said = valuebox(*command, exit_code=2)
    assert "pip install '.[dask]' in a clone of valuebox" in only_line(said)
