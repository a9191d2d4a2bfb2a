"""Fit a ranker of the response model, and choose what it serves by months it has not seen."""

from typing import Any, Final, NamedTuple

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from valuebox.compartments.response.features import Matrix
from valuebox.compartments.response.level import Level, forecast, noise, offset
from valuebox.compartments.response.ranker import Ranker, Regressions, Way
from valuebox.facts.windows import Floats
from valuebox_training.response.logistic import fit_logistic

# The trees add to logistic regressions: many small steps, and leaves that are not of a few.
BOOSTER: Final[dict[str, Any]] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_bin": 64,
    "learning_rate": 0.05,
    "max_depth": 4,
    "min_child_weight": 10,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "reg_lambda": 10.0,
}
STAGES: Final = (25, 50, 100, 150)
"""How many trees are tried."""
_USUAL: Final = 100
"""How many trees where no month can be kept to try numbers on."""
_CLEARLY: Final = 3.0
"""Amount by which a sum of log losses must be lower to be so beyond doubt."""
_RIDGE: Final = 100.0
_BASELINE_RIDGE: Final = 1.0
MOST_KEPT: Final = 2
"""How many of the last months are kept, each to be predicted by what was learned before it."""
Choice = tuple[Way, int]


class Lessons(NamedTuple):
    """What is learned from: a row is a customer at the start of a month."""

    month: NDArray[np.intp]
    """Month of each row: 0 for the last one, 1 for that before it, and so on: `(n_rows,)`."""
    matrix: Matrix
    """Features, `(n_rows, n_cells, n_columns)`."""
    did: NDArray[np.bool_]
    """Whether the customer responded, `(n_rows, n_cells)`."""

    def of(self, months: NDArray[np.bool_]) -> "Lessons":
        """Lessons of some of the rows."""
        return Lessons(self.month[months], self.matrix[months], self.did[months])


class Foretold(NamedTuple):
    """A month that a ranker had not seen."""

    month: int
    ranker: Ranker
    """The ranker, learned from the months before this one."""
    lessons: Lessons


def fit_ranker(
    lessons: Lessons, plain: tuple[int, ...], seed: int
) -> tuple[Ranker, list[Foretold]]:
    """Choose what to serve, then learn from all months.

    Args:
        lessons: Customers of all months.
        plain: Columns that the baseline looks at.
        seed: Of the trees.

    Returns:
        The ranker, and what those said that were learned without the last months, each of which
        serves the same as the ranker does.
    """
    last = int(lessons.month.max(initial=0))
    kept = range(min(MOST_KEPT, last))
    foretold = []
    for month in kept:
        earlier, judged = lessons.of(lessons.month > month), lessons.of(lessons.month == month)
        if earlier.did.any() and len(judged.did):
            foretold.append(Foretold(month, _fit(earlier, plain, STAGES[-1], seed), judged))
    way, trees = _best(foretold)
    ranker = _serving(_fit(lessons, plain, trees, seed), way, lessons)
    served = [
        Foretold(
            one.month,
            _serving(_first(one.ranker, trees), way, lessons.of(lessons.month > one.month)),
            one.lessons,
        )
        for one in foretold
    ]
    return ranker, served


def _fit(lessons: Lessons, plain: tuple[int, ...], trees: int, seed: int) -> Ranker:
    matrix, did = lessons.matrix, lessons.did
    baseline = tuple(
        fit_logistic(matrix[:, cell], did[:, cell], plain, _BASELINE_RIDGE)
        for cell in range(matrix.shape[1])
    )
    rows, answers = matrix.reshape(-1, matrix.shape[2]), did.ravel()
    logistic = fit_logistic(rows, answers, range(rows.shape[1]), _RIDGE)
    nothing = Ranker(Regressions(baseline=baseline, logistic=logistic, way="both"), xgb.Booster())
    start = Ranker.start(
        nothing.baseline(matrix), logistic.log_odds(rows).reshape(did.shape)
    ).ravel()
    binned = xgb.QuantileDMatrix(rows, answers, base_margin=start, max_bin=BOOSTER["max_bin"])
    booster = xgb.train(BOOSTER | {"seed": seed}, binned, trees)
    return Ranker(nothing.regressions, booster)


def _first(ranker: Ranker, trees: int) -> Ranker:
    return Ranker(ranker.regressions, ranker.booster[:trees])


def _best(foretold: list[Foretold]) -> Choice:
    """The way and number of trees with the lowest log loss in months that were not learned from."""
    if not foretold:
        return "both", _USUAL
    losses: dict[Choice, float] = {}
    for _, ranker, judged in foretold:
        for trees in STAGES:
            for way, said in _first(ranker, trees).ways(judged.matrix).items():
                key = (way, trees)
                losses[key] = losses.get(key, 0.0) + _loss(said, judged.did)
    # Few responders cannot tell ways apart: the mean of both is safe, unless it is behind.
    found = min((one for one in losses if one[0] == "both"), key=losses.__getitem__)
    best = min(losses, key=losses.__getitem__)
    if losses[best] < losses[found] - _CLEARLY:
        found = best
    plainest: Choice = ("baseline", STAGES[0])
    return plainest if losses[plainest] <= losses[found] else found


def _loss(said: Floats, did: NDArray[np.bool_]) -> float:
    """Sum of the log losses, wherever the level of the month was."""
    level = said + offset(said.ravel(), did.sum())
    return float(np.logaddexp(0, np.where(did, -level, level)).sum())


def _serving(ranker: Ranker, way: Way, lessons: Lessons) -> Ranker:
    """A ranker that serves in a way, at the level of the last months."""
    level = _level(ranker.ways(lessons.matrix)[way], lessons)
    update = {"way": way, "shift": level.shift, "moves": level.moves}
    return Ranker(ranker.regressions.model_copy(update=update), ranker.booster)


def _level(said: Floats, lessons: Lessons) -> Level:
    offsets, noises = [], []
    for month in np.unique(lessons.month)[::-1].tolist():
        rows = lessons.month == month
        offsets.append(offset(said[rows].ravel(), lessons.did[rows].sum()))
        noises.append(noise(said[rows].ravel()))
    return forecast(np.array(offsets), np.array(noises))
