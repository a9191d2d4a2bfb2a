"""Users with columns that a model brings, and a model that has learned from them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.once import learned_once, once
from valuebox.features.declared.reading import read
from valuebox.schemas.own_columns import OwnColumns
from valuebox_training.ltv.simulate import simulate
from valuebox_training.ltv.train import train

DECLARED = Path(__file__).parents[2] / "examples" / "columns" / "columns.toml"
OWN: dict[str, Any] = {"visits": 3, "minutes": 12.5, "app": True, "device": "phone"}
"""Values that are as declared."""


def with_own(users: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same users with these columns: who visits more spends more."""
    rng = np.random.default_rng(seed)
    visits = rng.integers(0, 50, len(users))
    return users.assign(
        visits=pd.Series(visits, dtype="Int64").mask(rng.random(len(users)) < 0.1),
        minutes=(rng.random(len(users)) * 100).round(2),
        app=rng.integers(0, 2, len(users)),
        device=rng.choice(["phone", "tablet", "computer"], len(users)),
        target=users["target"] + visits,
    )


@pytest.fixture(scope="session")
def own_dir() -> Path:
    """A folder with train.csv and valid.csv that have these columns.

    Hardly any two users are alike in these, so that each of them takes time to tell of.
    """

    def make(folder: Path) -> None:
        simulate(users_per_day=12, seed=7).write(folder)
        for seed, name in enumerate(("train.csv", "valid.csv")):
            with_own(pd.read_csv(folder / name), seed).to_csv(folder / name, index=False)

    return once("own columns", make)


@pytest.fixture(scope="session")
def own_tag(own_dir: Path) -> str:
    """Exact tag of a model that has learned from them."""
    files, declared = (own_dir / "train.csv", own_dir / "valid.csv"), read(DECLARED, OwnColumns)
    return learned_once("with own", lambda: train(*files, "with-own", own=declared).tag)
