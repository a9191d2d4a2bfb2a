"""The interval of the share of a cohort that responds, around the probabilities predicted."""

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement

from valuebox.features.bins import SHARE_EDGES
from valuebox.predictions.ledger import CohortSummary, Column
from valuebox.predictions.sums.sql_bins import between
from valuebox.statistics.rates import LEVEL

UNKNOWN_MOVES: Final = 0.25
"""Deviation of the level of a segment of which nothing was learned, in log-odds."""
_FEW: Final = 30
"""Expected responses below which their number has no simple shape."""
_DRAWS: Final = 2_000
_TAIL: Final = (1 - LEVEL) / 2
_Z: Final = NormalDist().inv_cdf(1 - _TAIL)
_LEAST: Final = 1e-9

Moves = Mapping[str, float]
"""By segment, the deviation of the level of a period from that of the model, in log-odds."""


class ShareSpread:
    """Two things keep a share from its mean probability: chance, and a level that moves.

    Chance is that of independent responses, whose variance is the sum of p (1 - p). The level adds
    the same to everybody's log-odds; how far it moves was learned from past periods.
    """

    extras = ("variance",)
    is_calibrated = True

    def __init__(self, prediction: Column):
        """Spread of the probabilities of a column."""
        self._prediction = prediction

    def learned(self, stored: Any) -> Moves:
        """The moves that were noted of a model."""
        return TypeAdapter(dict[str, float]).validate_python(stored.get("moves", {}))

    def amounts(self, learned: Moves | None) -> Sequence[ColumnElement[float]]:
        """The variance that chance gives a row."""
        variance: ColumnElement[float] = self._prediction * (1 - self._prediction)
        return (variance,)

    def bin(self, learned: Moves | None) -> ColumnElement[int]:
        """The bin of a row between `SHARE_EDGES`: outcomes are compared with predictions by it."""
        return between(self._prediction, SHARE_EDGES)

    def level(self, learned: Moves | None, segment: str, variance: float) -> float:
        """What the learned move of everybody's log-odds makes of the mean."""
        moves = UNKNOWN_MOVES if learned is None else learned.get(segment, UNKNOWN_MOVES)
        # By the mean of p (1 - p), which is the variance of what comes true.
        return moves * variance

    def interval(self, learned: Moves, cohort: CohortSummary) -> tuple[float, float]:
        """Where the share is expected, in at least 9 of 10 cases; the mean lies in between."""
        mean = min(max(cohort.prediction, _LEAST), 1 - _LEAST)
        # Predictions that differ scatter less than equal ones: p (1 - p) is largest in the middle.
        variance = max(cohort.extras["variance"], _LEAST)
        moves = learned.get(cohort.segment, UNKNOWN_MOVES)
        if min(mean, 1 - mean) * cohort.rows < _FEW:
            return _drawn(mean, variance / (mean * (1 - mean)), moves, cohort.rows)
        # A move of everybody's log-odds moves the mean by the mean of p (1 - p).
        slope = variance / (mean * (1 - mean))
        noise = 1 / (variance * cohort.rows)
        reach = _Z * np.sqrt(moves**2 + noise) * slope
        log_odds = np.log(mean / (1 - mean))
        lower, upper = (1 / (1 + np.exp(-(log_odds + side * reach))) for side in (-1, 1))
        return min(float(lower), cohort.prediction), max(float(upper), cohort.prediction)


def _drawn(mean: float, slope: float, moves: float, rows: int) -> tuple[float, float]:
    """Ends of the interval of few expected responses, or of nearly nothing but responses."""
    rng = np.random.default_rng(0)
    log_odds = np.log(mean / (1 - mean)) + rng.normal(0, moves, _DRAWS) * slope
    shares = rng.binomial(rows, 1 / (1 + np.exp(-log_odds))) / rows
    lower = float(np.quantile(shares, _TAIL, method="lower"))
    upper = float(np.quantile(shares, 1 - _TAIL, method="higher"))
    return min(lower, mean), max(upper, mean)
