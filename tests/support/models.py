"""Simulated users and a model that was trained on them."""

from pathlib import Path

import pytest

from support.once import learned_once
from valuebox.compartments.ltv.model import LtvModel
from valuebox_training.ltv.simulate import simulate
from valuebox_training.ltv.train import train


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small train.csv, valid.csv and test.csv."""
    folder = tmp_path_factory.mktemp("data")
    simulate(users_per_day=30, seed=7).write(folder)
    return folder


@pytest.fixture(scope="session")
def model_tag(data_dir: Path) -> str:
    """Exact tag of a model in the temporary model store, trained on `data_dir`."""
    files = (data_dir / "train.csv", data_dir / "valid.csv")
    return learned_once("ltv", lambda: train(*files, "ltv").tag)


@pytest.fixture(scope="session")
def model(model_tag: str) -> LtvModel:
    """That model."""
    return LtvModel.load(model_tag)
