"""How sure a prediction is: an interval for one user, and one for the mean of a cohort.

Three things keep the mean of a cohort from its prediction. Its users are a finite sample; how
widely single users scatter is known from those that were learned from. Behaviour moves, for all
users alike and the further the longer ago the last outcome is. And segments differ, most of all
those never seen. The first shrinks with the size of the cohort, the other two do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.cohorts import MISSING_SEGMENT

Floats = NDArray[np.float64]

NOMINAL: Final = 0.9
"""The share of users, and of cohort means, that intervals are made to hold."""
POINTS: Final = 100
_TAIL: Final = (1 - NOMINAL) / 2
_Z: Final = 1.6449
_SMALL: Final = 30
_DRAWS: Final = 1_000
_DECIMALS: Final = 6
# Weeks over which moves of the level add up rather than cancel out.
_PERSISTENCE: Final = 8


@dataclass(frozen=True)
class Scatter:
    """What users really spent later, by what was expected of them.

    Bins of expected later spending, from the least on; amounts in the currency of the target.
    """

    edges: list[float] = field(default_factory=list)
    """Where one bin ends and the next one starts, `(n_bins - 1,)`."""
    points: list[list[float]] = field(default_factory=lambda: [[0.0] * POINTS])
    """Quantiles of later spending at (i + 1/2) / POINTS, `(n_bins, POINTS)`."""
    lower: list[float] = field(default_factory=lambda: [0.0])
    """Lower end of the interval of later spending, `(n_bins,)`."""
    upper: list[float] = field(default_factory=lambda: [0.0])
    """Upper end of it."""
    variance: list[float] = field(default_factory=lambda: [0.0])
    """Of actual - expected within the bin."""
    third_moment: list[float] = field(default_factory=lambda: [0.0])
    """The same of its third power: how lopsided it is."""

    def bins(self, expected: Floats) -> NDArray[np.intp]:
        """Bin of each user by expected later spending, `(n_users,)`."""
        return np.searchsorted(self.edges, expected, side="right")


@dataclass(frozen=True)
class Uncertainty:
    """What was learned of the three; see the module."""

    known: Scatter
    """Of users whose `STV` is known: later is what comes after the first 4 days."""
    missing: Scatter
    """Of users whose `STV` is missing: later is everything."""
    future_share: float
    """Future / target of the average training user; see `Drift`."""
    last_join: datetime
    """When the last user joined that was learned from."""
    level_variance: float
    """Of the level of the future at that time, as a share of the future."""
    weekly_variance: float
    """By how much that grows in a week."""
    unseen_variance: float
    """Of the level of a segment that was never seen, around that of all."""
    segment_variance: dict[str, float]
    """The same of each segment that was."""

    def interval(
        self, predictions: Floats, stv: Sequence[float | None] | NDArray[Any] | None
    ) -> tuple[Floats, Floats]:
        """Where the realised value of each user is expected, in 9 of 10 cases.

        Args:
            predictions: Expected lifetime values, `(n_users,)`, in the currency of `stv`.
            stv: What each user has paid already; None or NaN where it is not known.

        Returns:
            Lower and upper ends, `(n_users,)` each.
        """
        paid, has_paid = _paid(stv, len(predictions))
        expected = predictions - paid
        ends = []
        for end in ("lower", "upper"):
            of_known = np.asarray(getattr(self.known, end))[self.known.bins(expected)]
            of_missing = np.asarray(getattr(self.missing, end))[self.missing.bins(expected)]
            # The sum of two amounts must be the amount that a third one was rounded to.
            ends.append(np.round(paid + np.where(has_paid, of_known, of_missing), _DECIMALS))
        return ends[0], ends[1]

    def cohort_interval(self, users: pd.DataFrame) -> tuple[float, float]:
        """Where the mean realised value of a cohort is expected, in 9 of 10 cases.

        Args:
            users: The cohort, one segment and join period: `country_segment`, `join_date`,
                `STV` and `prediction`.

        Returns:
            Lower and upper end, in the currency of the prediction.
        """
        predictions = users["prediction"].to_numpy(dtype=np.float64)
        stv = users["STV"].to_numpy(dtype=np.float64) if "STV" in users else None
        paid, has_paid = _paid(stv, len(users))
        expected = predictions - paid
        shared = self._shared_variance(users, np.where(has_paid, expected, predictions), has_paid)
        parts = [
            (scatter, scatter.bins(expected[rows]), expected[rows])
            for scatter, rows in ((self.known, has_paid), (self.missing, ~has_paid))
        ]
        middle = float(predictions.mean())
        if len(users) < _SMALL:
            below, above = _drawn(parts, len(users), shared)
        else:
            below, above = _approximated(parts, len(users), shared)
        return middle + below, middle + above

    def _shared_variance(
        self, users: pd.DataFrame, expected: Floats, has_paid: NDArray[np.bool_]
    ) -> float:
        """Variance of the cohort's mean that does not shrink with its size."""
        future = float(
            np.where(has_paid, np.maximum(expected, 0), self.future_share * expected).mean()
        )
        since = (users["join_date"] - pd.Timestamp(self.last_join)).mean()
        weeks = max(since / pd.Timedelta(weeks=1), 0.0)
        # A move is more often followed by one in the same direction than by one back.
        moved = self.weekly_variance * weeks * (1 + weeks / _PERSISTENCE)
        segment = users["country_segment"].iloc[0] if "country_segment" in users else None
        name = segment if isinstance(segment, str) else MISSING_SEGMENT
        of_segment = self.segment_variance.get(name, self.unseen_variance)
        return future**2 * (self.level_variance + moved + of_segment)

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return {**asdict(self), "last_join": self.last_join.isoformat()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The uncertainty that `to_dict` described."""
        return cls(
            **{
                **values,
                "known": Scatter(**values["known"]),
                "missing": Scatter(**values["missing"]),
                "last_join": datetime.fromisoformat(values["last_join"]),
            }
        )


Parts = list[tuple[Scatter, NDArray[np.intp], Floats]]


def _paid(
    stv: Sequence[float | None] | NDArray[Any] | None, n_users: int
) -> tuple[Floats, NDArray[np.bool_]]:
    paid = np.full(n_users, np.nan) if stv is None else np.asarray(stv, dtype=np.float64)
    has_paid = ~np.isnan(paid)
    return np.where(has_paid, paid, 0.0), has_paid


def _drawn(parts: Parts, n_users: int, shared: float) -> tuple[float, float]:
    """Few users: their spending is drawn, because a mean of few has no simple shape."""
    rng = np.random.default_rng(0)
    total = np.zeros(_DRAWS)
    for scatter, bins, expected in parts:
        drawn = rng.integers(0, POINTS, (_DRAWS, len(bins)))
        # Amounts as they are, not around their mean: many users spend nothing later, exactly.
        total += np.asarray(scatter.points)[bins, drawn].sum(axis=1) - expected.sum()
    mean = total / n_users + rng.normal(0, np.sqrt(shared), _DRAWS)
    below, above = np.quantile(mean, [_TAIL, 1 - _TAIL])
    return float(below), float(above)


def _approximated(parts: Parts, n_users: int, shared: float) -> tuple[float, float]:
    """Many users: the normal distribution, bent by the skewness that is left (Cornish-Fisher)."""
    variance = sum(float(np.asarray(s.variance)[bins].sum()) for s, bins, _ in parts)
    third = sum(float(np.asarray(s.third_moment)[bins].sum()) for s, bins, _ in parts)
    spread = float(np.sqrt(variance / n_users**2 + shared))
    if spread == 0:
        return 0.0, 0.0
    bend = third / n_users**3 / spread**3 / 6 * (_Z**2 - 1)
    return spread * (bend - _Z), spread * (bend + _Z)
