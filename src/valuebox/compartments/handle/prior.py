"""What is expected of matches before anybody bets on them: a log-linear model, pooled.

The logarithm of a match's handle is a sum of effects of its teams, season, slot, week, provinces
and users, of a level that moves over time, and of chance. Every effect is normal around 0 with a
variance that was learned, which is ridge regression where each kind of effect has a penalty of its
own (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, chapter 2).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from valuebox.compartments.handle.features import NUMBERS, Described
from valuebox.statistics.arrays import Floats

Kernel = Callable[[Described, Described], Floats]

LEVELS: Final = {"level_week": 7.0, "level_month": 30.0, "level_half_year": 180.0}
"""The level is a sum of parts that are forgotten within so many days."""
_WEEKS: Final = 2.5
"""How many weeks of a season are alike."""
BREAK: Final = 0.6
"""Deviation of a break of the level of all matches, in logarithms."""
BREAKS: Final = 0.05
"""How likely a break is within the time that is looked at."""
_BREAK_DAYS: Final = 60
_BREAK_STEP: Final = 4
CENTRES: Final = (10.0, 0.15, 0.15, 0.1, 0.03, 1.5, 0.0)
"""What numbers of a match are told from, in the order of `NUMBERS`."""


def _same(one: NDArray[Any], other: NDArray[Any]) -> Floats:
    found: Floats = (one[:, None] == other[None, :]).astype(np.float64)
    return found


def _teams(one: Described, other: Described) -> Floats:
    both: Floats = (
        _same(one.home, other.home)
        + _same(one.home, other.away)
        + _same(one.away, other.home)
        + _same(one.away, other.away)
    )
    return both


def _seasons(one: Described, other: Described) -> Floats:
    return _same(one.season, other.season)


def _places(one: Described, other: Described) -> Floats:
    found = np.zeros((len(one), len(other)))
    for mine in (one.home_place, one.away_place):
        for theirs in (other.home_place, other.away_place):
            found += _same(mine, theirs) * (mine != 0)[:, None]
    return found


def _apart(one: Floats, other: Floats, length: float) -> Floats:
    found: Floats = np.exp(-np.abs(one[:, None] - other[None, :]) / length)
    return found


def _number(place: int) -> Kernel:
    def kernel(one: Described, other: Described) -> Floats:
        mine = one.numbers[:, place] - CENTRES[place]
        theirs = other.numbers[:, place] - CENTRES[place]
        return np.outer(mine, theirs)

    return kernel


def _of_level(length: float) -> Kernel:
    return lambda one, other: _apart(one.day, other.day, length)


def _of_week(one: Described, other: Described) -> Floats:
    found: Floats = np.exp(-0.5 * ((one.week[:, None] - other.week[None, :]) / _WEEKS) ** 2)
    return found


KERNELS: Final[Mapping[str, Kernel]] = {
    **{name: _number(place) for place, name in enumerate(NUMBERS)},
    "constant": lambda one, other: np.ones((len(one), len(other))),
    "team": _teams,
    "team_in_season": lambda one, other: _teams(one, other) * _seasons(one, other),
    "at_home": lambda one, other: _same(one.home, other.home),
    "slot": lambda one, other: _same(one.slot, other.slot),
    "place": _places,
    "season": _seasons,
    "week": _of_week,
    **{name: _of_level(length) for name, length in LEVELS.items()},
}
"""How alike two matches are in each kind of effect, by its name."""
USUAL: Final[Mapping[str, float]] = {
    **{"users": 0.1, "home_share": 4.0, "away_share": 4.0, "new_share": 1.0, "local_new": 1.0},
    **{"crowd": 0.02, "derby": 0.02, "constant": 4.0, "team": 0.05, "team_in_season": 0.01},
    **{"at_home": 0.003, "slot": 0.2, "place": 0.05, "season": 0.05, "week": 0.03},
    **{"level_week": 0.003, "level_month": 0.01, "level_half_year": 0.03, "chance": 0.04},
}
"""The variance of each kind of effect, and of chance, that is usual in such data."""


def alike(variances: Mapping[str, float], one: Described, other: Described) -> Floats:
    """How matches vary together by all effects: `(n_one, n_other)`."""
    found = np.zeros((len(one), len(other)))
    for name, kernel in KERNELS.items():
        found += variances[name] * kernel(one, other)
    return found


@dataclass(frozen=True)
class Joint:
    """What is expected of several matches, in logarithms, and how they vary together."""

    mean: Floats
    covariance: Floats
    """`(n_matches, n_matches)`, with the chance of each."""


def trend(rows: Described) -> Floats:
    """What is expected where nothing was learned: handle in proportion to users."""
    found: Floats = rows.numbers[:, 0].copy()
    return found


class Prior:
    """Effects, learned from the matches that are over.

    Args:
        variances: Of each kind of effect, and of `chance`.
        rows: Matches that are over.
        handle: Their handle, above 0: `(n_matches,)`.
        noise: Variance of the logarithm of each that is due to its being of few bets.
    """

    def __init__(
        self, variances: Mapping[str, float], rows: Described, handle: Floats, noise: Floats
    ):
        self._variances, self._rows = variances, rows
        covariance = alike(variances, rows, rows)
        covariance[np.diag_indices(len(rows))] += variances["chance"] + noise
        self._root = np.linalg.cholesky(covariance)
        residual = np.log(handle) - trend(rows)
        self._solved = self._solve(residual)

    def _solve(self, values: Floats) -> Floats:
        found: Floats = scipy.linalg.cho_solve((self._root, True), values, check_finite=False)
        return found

    def of(self, asked: Described) -> Joint:
        """What is expected of matches."""
        across = alike(self._variances, asked, self._rows)
        mean = trend(asked) + across @ self._solved
        half = scipy.linalg.solve_triangular(self._root, across.T, lower=True, check_finite=False)
        covariance = alike(self._variances, asked, asked) - half.T @ half
        covariance[np.diag_indices(len(asked))] += self._variances["chance"]
        return self._after_breaks(asked, across, Joint(mean, covariance))

    @cached_property
    def _breaks(self) -> list[tuple[float, Floats, Floats]]:
        """Days on which the level may have broken, which matches are since, and that solved."""
        days = float(self._rows.day.max()) - np.arange(_BREAK_STEP, _BREAK_DAYS + 1, _BREAK_STEP)
        since = (self._rows.day[:, None] > days).astype(np.float64)
        return list(zip(days.tolist(), since.T.copy(), self._solve(since).T.copy(), strict=True))

    def _after_breaks(self, asked: Described, across: Floats, usual: Joint) -> Joint:
        """Expectations of matches whose common level may have broken some weeks ago.

        Every day of the last weeks on which that may have been is an explanation of the matches
        since, and counts as much as these make it likely.
        """
        explained = [(1 - BREAKS, usual.mean, usual.covariance)]
        for day, since, solved in self._breaks:
            precision = 1 / BREAK**2 + float(since @ solved)
            size = float(since @ self._solved) / precision
            evidence = np.exp(min(size**2 * precision / 2, 300.0)) / (BREAK * np.sqrt(precision))
            moved = (asked.day > day).astype(np.float64) - across @ solved
            covariance = usual.covariance + np.outer(moved, moved) / precision
            likely = BREAKS * _BREAK_STEP / _BREAK_DAYS * evidence
            explained.append((likely, usual.mean + moved * size, covariance))
        return mixed(explained)


def mixed(explained: Sequence[tuple[float, Floats, Floats]]) -> Joint:
    """Mean and covariance of several explanations together: how likely, mean and covariance."""
    weights = np.array([likely for likely, *_ in explained])
    weights /= weights.sum()
    mean: Floats = np.sum([w * one[1] for w, one in zip(weights, explained, strict=True)], axis=0)
    covariance = np.zeros_like(explained[0][2])
    for weight, (_, centre, spread) in zip(weights, explained, strict=True):
        off = centre - mean
        covariance += weight * (spread + np.outer(off, off))
    return Joint(mean, covariance)
