"""Trees say the same however they are asked, whichever release of XGBoost is installed."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xgboost as xgb
from numpy.typing import NDArray

from valuebox.models.boosters import booster_of
from valuebox.models.directly import predict

WIDTH = 6


def rows(count: int, seed: int = 1) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, WIDTH)).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


@pytest.fixture(scope="module")
def booster() -> xgb.Booster:
    learned = rows(500)
    target = np.nan_to_num(learned).sum(axis=1)
    trees = xgb.train({"max_depth": 3}, xgb.DMatrix(learned, target), num_boost_round=20)
    return booster_of(bytes(trees.save_raw("ubj")))


@pytest.mark.parametrize("count", [1, 7, 3_000])
def test_it_is_what_the_documented_method_says(booster: xgb.Booster, count: int) -> None:
    asked = rows(count, seed=count)
    np.testing.assert_array_equal(predict(booster, asked), booster.inplace_predict(asked))


def test_of_no_rows_nothing_is_said(booster: xgb.Booster) -> None:
    assert predict(booster, rows(0)).shape == (0,)


def test_the_order_in_memory_does_not_matter(booster: xgb.Booster) -> None:
    asked = rows(50)
    expected = booster.inplace_predict(asked)
    np.testing.assert_array_equal(predict(booster, np.asfortranarray(asked)), expected)
    np.testing.assert_array_equal(predict(booster, np.repeat(asked, 2, axis=0)[::2]), expected)


def test_other_columns_than_were_learned_from_are_refused(booster: xgb.Booster) -> None:
    with pytest.raises(ValueError, match=r"(?i)column"):
        predict(booster, rows(3)[:, 1:])


def test_threads_do_not_get_the_values_of_others(booster: xgb.Booster) -> None:
    asked = [rows(200, seed) for seed in range(40)]
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(lambda one: predict(booster, one), asked))
    for one, found in zip(asked, said, strict=True):
        np.testing.assert_array_equal(found, booster.inplace_predict(one))
