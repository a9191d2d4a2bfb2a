"""Trees as arrays say what XGBoost says."""

import numpy as np
import pytest
import xgboost as xgb

from valuebox.models.forest import DEEPEST, Forest, TooDeep

COLUMNS = 5


def grown(objective: str, depth: int, seed: int) -> xgb.Booster:
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(2_000, COLUMNS)).astype(np.float32)
    target = rows[:, 0] * rows[:, 1] + rows[:, 2]
    if objective == "binary:logistic":
        target = (target > 0).astype(float)
    settings = {"objective": objective, "max_depth": depth, "seed": seed, "nthread": 1}
    return xgb.train(settings, xgb.QuantileDMatrix(rows, target), 12)


@pytest.mark.parametrize("depth", [1, 3, DEEPEST])
def test_boosters_of_different_columns_say_what_they_do_alone(depth: int) -> None:
    boosters = [grown("binary:logistic", depth, 1), grown("reg:squarederror", depth, 2)]
    rows = np.random.default_rng(3).normal(size=(50, COLUMNS + 2)).astype(np.float32)
    found = Forest(boosters, [0, 2]).sums(rows)
    likely = boosters[0].inplace_predict(rows[:, :COLUMNS])
    np.testing.assert_allclose(1 / (1 + np.exp(-found[:, 0])), likely, rtol=1e-5, atol=1e-6)
    value = boosters[1].inplace_predict(rows[:, 2:])
    np.testing.assert_allclose(found[:, 1], value, rtol=1e-5, atol=1e-5)


def test_a_row_is_the_same_alone_and_among_others() -> None:
    forest = Forest([grown("reg:squarederror", 3, 1)], [0])
    rows = np.random.default_rng(3).normal(size=(40, COLUMNS)).astype(np.float32)
    together = forest.sums(rows)
    for place in range(len(rows)):
        np.testing.assert_array_equal(forest.sums(rows[place : place + 1])[0], together[place])


def test_trees_that_say_one_thing_are_taken() -> None:
    rows = np.zeros((50, COLUMNS), dtype=np.float32)
    booster = xgb.train({"nthread": 1}, xgb.QuantileDMatrix(rows, np.full(50, 3.0)), 4)
    assert Forest([booster], [0]).sums(rows[:2])[:, 0].tolist() == pytest.approx([3.0, 3.0])


def test_deep_trees_are_left_to_xgboost() -> None:
    with pytest.raises(TooDeep, match=f"trees of {DEEPEST + 1} levels"):
        Forest([grown("reg:squarederror", DEEPEST + 1, 1)], [0])
