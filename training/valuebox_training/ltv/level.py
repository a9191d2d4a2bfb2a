"""How far behaviour has moved, from the residuals of the weeks that were learned from.

A local level model: every week has a level that moves by chance from the week before, and shows
with the noise of its users. How much it moves is estimated by maximum likelihood, so that in calm
times the latest level is the mean of all weeks, and after a jump it is that of the last few
(Durbin & Koopman, Time Series Analysis by State Space Methods, chapter 2).
"""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.statistics.arrays import Floats

DAYS: Final = 7
# Standard deviations of the move from week to week, as a share of the future; 0 is standing
# still, which has to be beaten clearly: a level that follows noise hurts in calm months.
MOVES: Final = (0.0, 0.003, 0.006, 0.0125, 0.025, 0.05, 0.1, 0.2)
CLEARLY: Final = 2.0
_WIDE = 1.0


class LevelEstimate(NamedTuple):
    """Latest level of (actual - predicted) / predicted future, and how sure it is."""

    level: float
    variance: float
    weekly_variance: float
    """What every further week adds to the variance."""


class Filtered(NamedTuple):
    """Outcome of a filter run: log-likelihood, latest level, its variance."""

    log_likelihood: float
    level: float
    variance: float


def fit_level(users: pd.DataFrame, predictions: Floats) -> LevelEstimate:
    """Estimate the latest level of (actual - predicted) / predicted future.

    Args:
        users: Training users with `join_date`, `STV` and `target`.
        predictions: What the booster says of them, `(n_users,)`. That it has learned from the
            same users does no harm: it does not know their weeks.
    """
    known = users["STV"].notna().to_numpy()
    paid = users["STV"].to_numpy(dtype=np.float64)
    if not known.any():
        # Nothing is known to be paid: all of it is the future.
        known, paid = np.ones(len(users), dtype=bool), np.zeros(len(users))
    target = users["target"].to_numpy(dtype=np.float64)[known]
    future = np.maximum(predictions[known] - paid[known], 0.0)
    residual = target - predictions[known]
    return latest_level(*_weekly(_weeks(users["join_date"][known]), residual, future))


def latest_level(levels: Floats, variances: Floats) -> LevelEstimate:
    """The filtered level of the last week, 0 without any.

    Args:
        levels: Observed level of each week, `(n_weeks,)`; NaN where nobody joined.
        variances: Of their noise.
    """
    if not np.isfinite(levels).any():
        return LevelEstimate(0.0, 0.0, 0.0)
    runs = [_filter(levels, variances, move**2) for move in MOVES]
    still, moving = runs[0], max(runs[1:], key=lambda run: run.log_likelihood)
    chosen = moving if moving.log_likelihood > still.log_likelihood + CLEARLY else still
    # How sure it is takes every run into account, standing still and moving equally likely
    # beforehand: where one level is as good as another, both are possible.
    weights = np.exp([run.log_likelihood - moving.log_likelihood for run in runs])
    weights[1:] /= len(MOVES) - 1
    weights /= weights.sum()
    spread = [run.variance + (run.level - chosen.level) ** 2 for run in runs]
    return LevelEstimate(
        chosen.level, float(weights @ np.array(spread)), float(weights @ np.array(MOVES) ** 2)
    )


def _filter(levels: Floats, variances: Floats, move: float) -> Filtered:
    log_likelihood, level, variance, first = 0.0, 0.0, _WIDE, True
    for observed, noise in zip(levels, variances, strict=True):
        variance += 0.0 if first else move
        if not np.isfinite(observed) or noise <= 0:
            continue
        spread = variance + noise
        surprise = observed - level
        if not first:
            log_likelihood -= 0.5 * (np.log(spread) + surprise**2 / spread)
        gain = variance / spread
        level, variance, first = level + gain * surprise, variance * (1 - gain), False
    return Filtered(float(log_likelihood), float(level), float(variance))


def _weeks(joined: pd.Series) -> NDArray[np.int64]:
    """Number of each user's week, from 0; counted back from the last day, so the last is whole."""
    end = joined.max().normalize() + pd.Timedelta(days=1)
    back = ((end - joined) / pd.Timedelta(days=DAYS)).to_numpy(dtype=np.float64)
    weeks = np.ceil(back).astype(np.int64)
    return np.asarray(weeks.max() - weeks, dtype=np.int64)


def _weekly(weeks: NDArray[np.int64], residual: Floats, future: Floats) -> tuple[Floats, Floats]:
    expected = np.bincount(weeks, future)
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = np.bincount(weeks, residual) / expected
        variances = np.bincount(weeks, residual**2) / expected**2
    # A week in which next to nothing is expected says nothing about a share of it.
    levels[~(expected > 0)] = np.nan
    return levels, variances
