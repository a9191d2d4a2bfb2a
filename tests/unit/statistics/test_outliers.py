from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from valuebox.compartments.ltv.files import read_users
from valuebox.statistics.outliers import outlying

TAILS = {
    "lognormal": lambda rng, n: rng.lognormal(2, 2, n),
    "Pareto": lambda rng, n: rng.pareto(1.5, n) + 1,
    "Pareto without a mean": lambda rng, n: rng.pareto(0.9, n) + 1,
    "few who pay, and refunds": lambda rng, n: (
        np.where(rng.random(n) < 0.1, rng.lognormal(3, 2, n), 0) * rng.choice([1, 1, 1, -1], n)
    ),
    "prices": lambda rng, n: rng.choice([0, 16, 99, 190], n, p=[0.6, 0.35, 0.04, 0.01]),
}


@pytest.mark.parametrize("tail", TAILS)
def test_heavy_tails_have_no_outliers(tail: str) -> None:
    rng = np.random.default_rng(5)
    found = [
        outlying(np.clip(TAILS[tail](rng, users), -1e6, 1e6)).any()
        for users in (1_000, 20_000)
        for _ in range(20)
    ]
    assert not any(found)


@pytest.fixture
def targets(data_dir: Path) -> NDArray[np.float64]:
    return read_users(data_dir / "train.csv")["target"].to_numpy()


@pytest.mark.parametrize("value", [1e6, -1e6, 20_000.0])
@pytest.mark.parametrize("rows", [[7], [7, 11, 400]])
def test_what_must_be_wrong_is_found(
    targets: NDArray[np.float64], value: float, rows: list[int]
) -> None:
    wrong = targets.copy()
    wrong[rows] = value
    wrong[5] = np.nan
    assert np.flatnonzero(outlying(wrong)).tolist() == rows
    assert not outlying(targets).any()


def test_few_or_equal_targets_have_no_outliers() -> None:
    assert not outlying(np.array([1.0, 2.0, 1e6])).any()
    assert not outlying(np.zeros(1_000)).any()
    assert not outlying(np.r_[np.zeros(1_000), 1e6]).any()
    assert not outlying(np.full(100, np.nan)).any()
