"""Shallow trees as arrays: a handful of rows is answered sooner than XGBoost takes to be asked."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.statistics.arrays import Floats

if TYPE_CHECKING:
    import xgboost as xgb

DEEPEST: Final = 6
"""Levels of trees that are taken: every level doubles the arrays."""


class TooDeep(ValueError):
    """Trees that are better asked by XGBoost."""


class Forest:
    """The trees of several boosters, which all look at the same columns; none of these is missing.

    Args:
        boosters: Of one output each.
        ahead: How many columns lie before the first that each of them knows.

    Raises:
        TooDeep: where a tree has more levels than `DEEPEST`.
    """

    def __init__(self, boosters: Sequence["xgb.Booster"], ahead: Sequence[int]):
        saved = [json.loads(bytes(one.save_raw("json")))["learner"] for one in boosters]
        self._base = np.array([_base(one) for one in saved])
        trees = [one["gradient_booster"]["model"]["trees"] for one in saved]
        self._starts = np.cumsum([0, *map(len, trees)])[:-1]
        every = [(tree, more) for some, more in zip(trees, ahead, strict=True) for tree in some]
        self._levels = max((_depth(tree) for tree, _ in every), default=0)
        if self._levels > DEEPEST:
            raise TooDeep(f"trees of {self._levels} levels")
        inner = 2**self._levels - 1
        self._feature = np.zeros((len(every), inner), dtype=np.intp)
        self._below = np.full((len(every), inner), np.inf, dtype=np.float32)
        self._leaf = np.zeros((len(every), inner + 1))
        for place, (tree, more) in enumerate(every):
            for node, feature, below in _inner(tree, self._levels):
                self._feature[place, node], self._below[place, node] = feature + more, below
            self._leaf[place] = list(_leaves(tree, self._levels))
        self._inner = np.arange(len(every)) * inner
        self._outer = np.arange(len(every)) * (inner + 1) - inner
        """Where the nodes of each tree begin, if all are in a row, and where its leaves do."""

    def sums(self, matrix: NDArray[np.float32]) -> Floats:
        """What each booster says before its link function, `(n_rows, n_boosters)`.

        What is said of a row does not depend on the others.
        """
        is_right = (matrix.take(self._feature.ravel(), axis=1) >= self._below.ravel()).ravel()
        begin = np.arange(len(matrix))[:, None] * self._feature.size + self._inner
        node = np.zeros(begin.shape, dtype=np.intp)
        for _ in range(self._levels):
            node = 2 * node + 1 + is_right.take(begin + node)
        leaf = self._leaf.take(self._outer + node)
        found: Floats = np.add.reduceat(leaf, self._starts, axis=1) + self._base
        return found


def _base(learner: dict[str, Any]) -> float:
    """What a booster says without its trees."""
    score = float(learner["learner_model_param"]["base_score"].strip("[]"))
    is_logistic = learner["objective"]["name"] == "binary:logistic"
    return float(np.log(score / (1 - score))) if is_logistic else score


def _depth(tree: dict[str, Any], node: int = 0) -> int:
    left = tree["left_children"][node]
    if left < 0:
        return 0
    return 1 + max(_depth(tree, left), _depth(tree, tree["right_children"][node]))


def _inner(
    tree: dict[str, Any], levels: int, node: int = 0, place: int = 0
) -> Iterator[tuple[int, int, float]]:
    """Place, column and threshold of each inner node, where all trees are of so many levels."""
    left = tree["left_children"][node]
    if levels == 0 or left < 0:
        return
    yield place, tree["split_indices"][node], tree["split_conditions"][node]
    yield from _inner(tree, levels - 1, left, 2 * place + 1)
    yield from _inner(tree, levels - 1, tree["right_children"][node], 2 * place + 2)


def _leaves(tree: dict[str, Any], levels: int, node: int = 0) -> Iterator[float]:
    """The leaves from left to right, where all trees are of so many levels."""
    left = tree["left_children"][node]
    if left < 0:
        # Beyond a leaf, all paths lead to it.
        yield from [tree["split_conditions"][node]] * 2**levels
        return
    yield from _leaves(tree, levels - 1, left)
    yield from _leaves(tree, levels - 1, tree["right_children"][node])
