"""A model of rewards for logs that have none of their own: ridge regressions, crossed by player.

Expected rewards are linear in the context, with a level for each action and, where they are few, a
slope of each action. What is predicted of a player comes from the other players' decisions.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.statistics.arrays import Codes, Floats

FOLDS: Final = 5
_PENALTIES: Final = (3.0, 30.0, 300.0, 3_000.0)
"""How many decisions the belief weighs that there are no differences; the best is taken."""
_MOST_SLOPES: Final = 400
_LEAST_SPREAD: Final = 1e-12


def folds(cluster: Codes, count: int = FOLDS) -> Codes:
    """Deal players into folds, the same ones every time; the fold of each row, `(n,)`."""
    drawn = np.random.default_rng(0).integers(0, count, int(cluster.max()) + 1)
    return drawn[cluster].astype(np.intp)


@dataclass(frozen=True)
class Regression:
    """Expected rewards of every action, by fold of players."""

    coefficients: Floats
    """`(n_folds, n_columns + 1, n_actions)`; the first row is each action's level."""
    mean: Floats
    scale: Floats

    def predict(self, context: Floats, fold: Codes) -> Floats:
        """Expected reward of every action, `(n, n_actions)`.

        Args:
            context: `(n, n_columns)`.
            fold: Fold of each row, whose coefficients have not seen it, `(n,)`.
        """
        design = self._design(context)
        found = np.empty((len(context), self.coefficients.shape[2]))
        for number, each in enumerate(self.coefficients):
            found[fold == number] = design[fold == number] @ each
        return found

    def of_chosen(self, context: Floats, fold: Codes, action: Codes) -> Floats:
        """Expected reward of one action each, `(n,)`."""
        chosen = self.coefficients[fold, :, action]
        found: Floats = (self._design(context) * chosen).sum(axis=1)
        return found

    def _design(self, context: Floats) -> Floats:
        return np.column_stack([np.ones(len(context)), (context - self.mean) / self.scale])


def fit(context: Floats, action: Codes, actions: int, reward: Floats, fold: Codes) -> Regression:
    """Learn expected rewards.

    Args:
        context: Numbers that are all there, `(n, n_columns)`.
        action: Code of what was chosen, `(n,)`.
        actions: How many there are.
        reward: What came of it, `(n,)`.
        fold: Fold of each row's player; a fold's coefficients are learned from the others, `(n,)`.
    """
    mean, spread = context.mean(axis=0), context.std(axis=0)
    scale = np.where(spread > _LEAST_SPREAD, spread, 1.0)
    plain = np.column_stack([np.ones(len(context)), (context - mean) / scale])
    width = plain.shape[1]
    slopes = width if actions * width <= _MOST_SLOPES else 1
    count = int(fold.max()) + 1
    grams = [_sums(plain[fold == one], action[fold == one], reward[fold == one], actions, slopes)
             for one in range(count)]  # fmt: skip
    gram, pull = (sum(one) for one in zip(*grams, strict=True))
    errors = np.zeros(len(_PENALTIES))
    found = np.zeros((len(_PENALTIES), count, width, actions))
    for one, (own_gram, own_pull) in enumerate(grams):
        rows = np.flatnonzero(fold == one)
        for place, penalty in enumerate(_PENALTIES):
            found[place, one] = _solved(
                gram - own_gram, pull - own_pull, penalty, width, actions, slopes
            )
            said = (plain[rows] * found[place, one][:, action[rows]].T).sum(axis=1)
            errors[place] += float(((reward[rows] - said) ** 2).sum())
    return Regression(found[int(np.argmin(errors))], mean, scale)


def _sums(
    plain: Floats, action: Codes, reward: Floats, actions: int, slopes: int
) -> tuple[Floats, Floats]:
    """Products of the columns: what all actions share, and then each action's own."""
    width = plain.shape[1]
    gram = np.zeros((width + actions * slopes,) * 2)
    pull = np.zeros(len(gram))
    gram[:width, :width], pull[:width] = plain.T @ plain, plain.T @ reward
    for one in range(actions):
        rows = plain[action == one]
        place = slice(width + one * slopes, width + (one + 1) * slopes)
        own = rows[:, :slopes]
        gram[place, place] = own.T @ own
        gram[:width, place] = rows.T @ own
        gram[place, :width] = gram[:width, place].T
        pull[place] = own.T @ reward[action == one]
    return gram, pull


def _solved(
    gram: NDArray[np.float64],
    pull: NDArray[np.float64],
    penalty: float,
    width: int,
    actions: int,
    slopes: int,
) -> Floats:
    """Coefficients of each action, `(n_columns + 1, n_actions)`; the common level is free."""
    weights = np.full(len(pull), penalty)
    weights[0] = _LEAST_SPREAD
    solved = np.linalg.solve(gram + np.diag(weights), pull)
    found = np.repeat(solved[:width, None], actions, axis=1)
    found[:slopes] += solved[width:].reshape(actions, slopes).T
    return found
