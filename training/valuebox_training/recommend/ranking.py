"""Learn a ranker of the last sessions, each asked of an index that was built before it began."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.attributes import Attributes
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.ranker import Ranker
from valuebox.compartments.recommend.ranking.ranker_columns import COLUMNS
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.errors import ValueboxError
from valuebox_training.recommend.measuring import Gain, gain, measured
from valuebox_training.recommend.questions import Log, Question
from valuebox_training.sharing import each

if TYPE_CHECKING:
    from distributed import Client

_GROWN: Final[dict[str, Any]] = {
    "objective": "rank:ndcg",
    "lambdarank_pair_method": "topk",
    "lambdarank_num_pair_per_sample": 5,
    "ndcg_exp_gain": False,
    "tree_method": "hist",
    "max_bin": 64,
    "learning_rate": 0.08,
    "max_depth": 5,
    "min_child_weight": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.7,
    "reg_lambda": 5.0,
}


Catalogue = Callable[[Index], Attributes]
"""What is known of items, by the codes of an index."""


class NothingToRank(ValueboxError):
    """Too few sessions have a next item that neighbours find."""


@dataclass(frozen=True)
class Learning:
    """How a ranker learns."""

    folds: int = 4
    """Stretches at the end of the log, each asked of an index of all that was before it."""
    share: float = 0.1
    """Share of the sessions in each, at most."""
    most: int = 8_000
    """Questions of each stretch, at most."""
    rounds: int = 150
    """Trees."""
    fewest: int = 200
    """Questions whose answer is among the candidates, that it takes to learn."""
    fresh: bool = True
    """Whether the item being looked at is no candidate."""


class Rows(NamedTuple):
    """Candidates of questions, one question after another."""

    matrix: NDArray[np.float32]
    was_next: NDArray[np.float32]
    question: NDArray[np.int32]


class Learned(NamedTuple):
    """A ranker, and whether it has earned its place."""

    ranker: Ranker
    gain: Gain
    """By how much one that had not seen the last stretch was better there than without."""

    @property
    def is_better(self) -> bool:
        """Whether the gain is beyond its noise."""
        return self.gain.mean > 2 * self.gain.error


_LEARNING: Final = Learning()


def learn_ranker(
    log: Log,
    setting: Setting,
    how: Learning = _LEARNING,
    seed: int = 0,
    threads: int = 1,
    catalogue: Catalogue | None = None,
    client: "Client | None" = None,
) -> Learned:
    """Learn to rank from the last sessions of a log.

    Args:
        log: Sessions of a shop.
        setting: How its candidates are found.
        how: How is learned.
        seed: Of samples.
        threads: Processors that trees may take.
        catalogue: Categories and prices, as they are known today, all items in stock; None where
            nothing is known.
        client: Of a Dask cluster that asks the stretches and grows the trees; None does so here.

    Raises:
        NothingToRank: where there is too little to learn from.
    """
    borders = log.stretches(how.folds, how.share, how.most)
    last = len(borders) - 2
    parts = [(stretch, place == last) for place, stretch in enumerate(pairwise(borders))]
    folds, of_last = list[Rows](), None
    for fold in each(client, _asked, parts, log, setting, how, seed, catalogue):
        folds.append(fold.rows)
        of_last = fold.last
    earlier = folds[:-1] if len(folds) > 1 else folds
    if of_last is None or sum(int(one.was_next.sum()) for one in earlier) < how.fewest:
        raise NothingToRank(f"it takes {how.fewest} next items among the candidates to rank")
    trial, booster = each(client, _grow, [len(earlier), len(folds)], folds, how, seed, threads)
    index, questions = of_last
    known = None if catalogue is None else catalogue(index)
    ways = [Recommender(index, None, one, known) for one in (Ranker(trial, how.fresh), None)]
    found = gain(*(measured(one, questions, how.fresh) for one in ways))
    return Learned(Ranker(booster, how.fresh), found)


class _Asked(NamedTuple):
    """What came of a stretch."""

    rows: Rows
    last: tuple[Index, list[Question]] | None
    """What it was asked of, and what was asked; None where that is of no more use."""


def _asked(
    log: Log,
    setting: Setting,
    how: Learning,
    seed: int,
    catalogue: Catalogue | None,
    part: tuple[tuple[float, float], bool],
) -> _Asked:
    (begin, end), is_last = part
    index = log.before(begin, setting)
    known = None if catalogue is None else catalogue(index)
    questions = log.questions(begin, end, how.most, seed)
    rows = _rows(Recommender(index, None, None, known), questions, how.fresh)
    return _Asked(rows, (index, questions) if is_last else None)


def _rows(recommender: Recommender, questions: list[Question], fresh: bool) -> Rows:
    """Candidates of those questions whose answer is among them: the others say nothing of order."""
    matrices, labels, sizes = [], [], []
    for one in questions:
        if fresh and one.next == one.seen[-1]:
            continue
        codes, matrix = recommender.candidates(one.seen, fresh=fresh)
        was_next = codes == one.next
        if len(codes) > 1 and was_next.any():
            matrices.append(matrix)
            labels.append(was_next)
            sizes.append(len(codes))
    if not sizes:
        nothing = np.zeros(0, dtype=np.float32)
        return Rows(np.zeros((0, len(COLUMNS)), np.float32), nothing, nothing.astype(np.int32))
    return Rows(
        np.concatenate(matrices),
        np.concatenate(labels).astype(np.float32),
        np.repeat(np.arange(len(sizes), dtype=np.int32), sizes),
    )


class _Parts(xgb.DataIter):
    """Stretches one after another, so that they are never there twice."""

    def __init__(self, folds: Sequence[Rows]):
        super().__init__()
        self._folds, self._next = folds, 0

    def next(self, input_data: Any) -> bool:
        """Hand over a stretch, and say whether there was one."""
        if self._next == len(self._folds):
            return False
        before = sum(int(one.question.max(initial=-1)) + 1 for one in self._folds[: self._next])
        rows = self._folds[self._next]
        self._next += 1
        input_data(data=rows.matrix, label=rows.was_next, qid=rows.question + before)
        return True

    def reset(self) -> None:
        """Begin again."""
        self._next = 0


def _grow(folds: Sequence[Rows], how: Learning, seed: int, threads: int, count: int) -> xgb.Booster:
    """Trees of the first stretches."""
    parts = _Parts([one for one in folds[:count] if len(one.matrix)])
    data = xgb.QuantileDMatrix(parts, max_bin=_GROWN["max_bin"], nthread=threads)
    return xgb.train(_GROWN | {"seed": seed, "nthread": threads}, data, how.rounds)
