"""How sure a prediction is: an interval for one user, and one for the mean of a cohort.

Three things keep the mean of a cohort from its prediction. Its users are a finite sample; how
widely single users scatter is known from those that were learned from. Behaviour moves, for all
users alike and the further the longer ago the last outcome is. And segments differ, most of all
those never seen. The first shrinks with the size of the cohort, the other two do not.
"""

import functools
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from valuebox.schemas.moments import StoredMoment
from valuebox.schemas.names import MISSING_SEGMENT

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Variance = Annotated[float, Field(ge=0)]

NOMINAL: Final = 0.9
"""The share of users, and of cohort means, that intervals are made to hold."""
TAIL: Final = (1 - NOMINAL) / 2
# Where the parts of a bin's users end, as shares of them: the finer, the rarer.
_RARE: Final = np.geomspace(1e-4, 0.0125, 10)
PARTS: Final = np.concatenate(
    [[0], _RARE[:-1], np.linspace(0.0125, 0.9875, 79), 1 - _RARE[-2::-1], [1]]
)
_WEIGHTS: Final = np.diff(PARTS)
_Z: Final = NormalDist().inv_cdf(1 - TAIL)
_DRAWS: Final = 1_000
# The mean of fewer users, or a lopsided one, has no simple shape.
_FEW: Final = 30
_LOPSIDED: Final = 0.5
_DECIMALS: Final = 6
# Weeks over which moves of the level add up rather than cancel out.
_PERSISTENCE: Final = 8


_EVERY_PART: Final = Field(min_length=len(_WEIGHTS), max_length=len(_WEIGHTS))


class _Learned(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Scatter(_Learned):
    """What users really spent later, by what was expected of them.

    Bins of expected later spending, from the least on; amounts in the currency of the target.
    """

    edges: list[float] = Field(description="Where a bin ends and the next one starts.")
    points: list[Annotated[list[float], _EVERY_PART]] = Field(
        description="Later spending in every bin: means of parts of its users, least first."
    )
    lower: list[float] = Field(description="Lower end of the interval of later spending, by bin.")
    upper: list[float] = Field(description="Upper end of it.")
    variance: list[Variance] = Field(description="Of actual - expected within the bin.")
    third_moment: list[float] = Field(description="Its third power's mean: how lopsided it is.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        by_bin = (self.points, self.lower, self.upper, self.variance, self.third_moment)
        if any(len(values) != len(self.edges) + 1 for values in by_bin):
            raise ValueError("every bin needs its own values")
        arrays = self.arrays
        if (np.diff(arrays["edges"]) <= 0).any() or (arrays["lower"] > arrays["upper"]).any():
            raise ValueError("bins and ends have to be in order")
        return self

    @functools.cached_property
    def arrays(self) -> dict[str, Floats]:
        """The fields as arrays, made once: that takes longer than to predict a single user."""
        return {name: np.asarray(values, dtype=np.float64) for name, values in self}

    @functools.cached_property
    def ends(self) -> Floats:
        """Lower and upper ends by bin, `(2, n_bins)`."""
        return np.stack([self.arrays["lower"], self.arrays["upper"]])

    def bins(self, expected: Floats) -> NDArray[np.intp]:
        """Bin of each user by expected later spending, `(n_users,)`."""
        return self.arrays["edges"].searchsorted(expected, side="right")

    def of(self, name: str, bins: NDArray[np.intp]) -> Floats:
        """The value called `name` of each user's bin, `(n_users,)`."""
        return self.arrays[name][bins]


class Uncertainty(_Learned):
    """What was learned of the three parts of uncertainty; see the module."""

    known: Scatter = Field(description="Of users with `STV`: later is after the first 4 days.")
    missing: Scatter = Field(description="Of users without: later is everything.")
    future_share: Annotated[float, Field(ge=0, le=1)] = Field(
        description="What comes after the first 4 days, as a share of the value of all users."
    )
    last_join: StoredMoment = Field(
        description="When the last user joined that was learned from, on the site's own clock."
    )
    level_variance: Variance = Field(
        description="Of the level of the future at that time, as a share of the future."
    )
    weekly_variance: Variance = Field(description="By how much that grows in a week, at first.")
    unseen_variance: Variance = Field(
        description="Of the level of a segment that was never seen, around that of all."
    )
    segment_variance: dict[str, Variance] = Field(description="The same of each segment that was.")

    def interval(
        self,
        predictions: Floats,
        stv: Sequence[float | None] | NDArray[Any] | None,
        stretch: Floats | None = None,
    ) -> tuple[Floats, Floats]:
        """Where the realised value of each user is expected, in at least 9 of 10 cases.

        Args:
            predictions: Expected lifetime values, `(n_users,)`, in the currency of `stv`.
            stv: What each user has paid already; None or NaN where it is not known.
            stretch: Above 1 where users have paid so much more than any training user did,
                `(n_users,)`; see `Paid.stretch`. Their later spending may be all that was
                seen, in proportion.

        Returns:
            Lower and upper ends, `(n_users,)` each; the prediction lies between them.
        """
        paid, has_paid = _paid(stv, len(predictions))
        later = predictions - paid
        ends = self.known.ends[:, self.known.bins(later)]
        if not has_paid.all():
            ends = np.where(has_paid, ends, self.missing.ends[:, self.missing.bins(later)])
        if stretch is not None:
            widest = np.array([self.known.ends[0].min(), self.known.ends[1].max()])
            ends = np.where(stretch > 1, widest[:, None] * stretch, ends)
        # The sum of two amounts must be the amount that a third one was rounded to.
        lower, upper = np.round(paid + ends, _DECIMALS)
        return np.minimum(lower, predictions), np.maximum(upper, predictions)

    def cohort_interval(self, users: "pd.DataFrame") -> tuple[float, float]:
        """Where the mean realised value of a cohort is expected, in 9 of 10 cases.

        Args:
            users: The cohort, one segment and join period: `country_segment`, `join_date`,
                `STV` and `prediction`.

        Returns:
            Lower and upper end, in the currency of the prediction, which lies between them.
        """
        predictions = users["prediction"].to_numpy(dtype=np.float64)
        stv = users["STV"].to_numpy(dtype=np.float64) if "STV" in users else None
        paid, has_paid = _paid(stv, len(users))
        later = predictions - paid
        segment = users["country_segment"].iloc[0] if "country_segment" in users else None
        return self.interval_of_mean(
            CohortOfUsers(
                segment=segment if isinstance(segment, str) else MISSING_SEGMENT,
                joined=cast("pd.Timestamp", users["join_date"].mean()),
                prediction=float(predictions.mean()),
                later=float(later.mean()),
                future=float(
                    np.where(has_paid, np.maximum(later, 0), self.future_share * later).mean()
                ),
                known=_counts(self.known, later[has_paid]),
                missing=_counts(self.missing, later[~has_paid]),
            )
        )

    def interval_of_mean(self, cohort: "CohortOfUsers") -> tuple[float, float]:
        """Interval of `cohort_interval`, for a cohort of which only these means are known."""
        shared = self._shared_variance(cohort)
        parts = [(self.known, cohort.known), (self.missing, cohort.missing)]
        n_users = int(cohort.known.sum() + cohort.missing.sum())
        variance, skewness = _moments(parts, n_users, shared)
        if n_users < _FEW or abs(skewness) > _LOPSIDED:
            below, above = _drawn(parts, n_users, cohort.later, shared)
        else:
            # Normal, bent by the skewness that is left (Cornish and Fisher).
            bend = skewness / 6 * (_Z**2 - 1)
            below, above = np.sqrt(variance) * (bend - _Z), np.sqrt(variance) * (bend + _Z)
        return cohort.prediction + min(float(below), 0.0), cohort.prediction + max(
            float(above), 0.0
        )

    def _shared_variance(self, cohort: "CohortOfUsers") -> float:
        """Variance of the cohort's mean that does not shrink with its size."""
        weeks = max((cohort.joined - self.last_join) / timedelta(weeks=1), 0.0)
        # A move is more often followed by one in the same direction than by one back.
        moved = self.weekly_variance * weeks * (1 + weeks / _PERSISTENCE)
        of_segment = self.segment_variance.get(cohort.segment, self.unseen_variance)
        return float(cohort.future**2 * (self.level_variance + moved + of_segment))


class CohortOfUsers(NamedTuple):
    """What the interval of a cohort's mean depends on; means per user."""

    segment: str
    joined: datetime
    """When the users joined, on average."""
    prediction: float
    later: float
    """Prediction of what comes after the first 4 days; of everything where these are not known."""
    future: float
    """The part of `later` that moves with the level: never less than nothing."""
    known: NDArray[np.int64]
    """Users by bin of `Uncertainty.known`."""
    missing: NDArray[np.int64]
    """Users without `STV` by bin of `Uncertainty.missing`."""


Parts = list[tuple[Scatter, NDArray[np.int64]]]


def _paid(
    stv: Sequence[float | None] | NDArray[Any] | None, n_users: int
) -> tuple[Floats, NDArray[np.bool_]]:
    paid = np.full(n_users, np.nan) if stv is None else np.asarray(stv, dtype=np.float64)
    has_paid = ~np.isnan(paid)
    return np.where(has_paid, paid, 0.0), has_paid


def _moments(parts: Parts, n_users: int, shared: float) -> tuple[float, float]:
    """Variance and skewness of the cohort's mean."""
    variance = sum(float(counts @ scatter.arrays["variance"]) for scatter, counts in parts)
    third = sum(float(counts @ scatter.arrays["third_moment"]) for scatter, counts in parts)
    variance = variance / n_users**2 + shared
    return variance, third / n_users**3 / variance**1.5 if variance > 0 else 0.0


def _counts(scatter: Scatter, later: Floats) -> NDArray[np.int64]:
    return np.bincount(scatter.bins(later), minlength=len(scatter.edges) + 1)


def _drawn(parts: Parts, n_users: int, later: float, shared: float) -> tuple[Floats, Floats]:
    """Ends of the interval around the mean `later`, from what such users have spent."""
    rng = np.random.default_rng(0)
    total = np.zeros(_DRAWS)
    for scatter, counts in parts:
        # Amounts as they are, not around their mean: many users spend nothing later, exactly.
        for one in np.flatnonzero(counts):
            points, of_bin = scatter.arrays["points"][one], int(counts[one])
            if of_bin < len(points):
                drawn = np.searchsorted(PARTS[1:-1], rng.random((_DRAWS, of_bin)))
                total += points[drawn].sum(axis=1)
            else:
                total += rng.multinomial(of_bin, _WEIGHTS, _DRAWS) @ points
    mean = total / n_users + rng.normal(0, np.sqrt(shared), _DRAWS)
    below, above = np.quantile(mean, [TAIL, 1 - TAIL]) - later
    return below, above
