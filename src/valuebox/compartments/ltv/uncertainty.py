"""How sure a prediction is: an interval for one user, and one for the mean of a cohort.

Three things keep the mean of a cohort from its prediction. Its users are a finite sample; how
widely single users scatter is known from those that were learned from. Behaviour moves, for all
users alike and the further the longer ago the last outcome is. And segments differ, most of all
those never seen. The first shrinks with the size of the cohort, the other two do not.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from valuebox.schemas.moments import StoredMoment
from valuebox.schemas.names import MISSING_SEGMENT
from valuebox.statistics.arrays import Floats
from valuebox.statistics.reach import Amounts, known_or_nan
from valuebox.statistics.scatter import Learned, Scatter, Variance, ends_of_mean

if TYPE_CHECKING:
    import pandas as pd

_DECIMALS: Final = 6
# Weeks over which moves of the level add up rather than cancel out.
_PERSISTENCE: Final = 8


class Uncertainty(Learned):
    """What was learned of the three parts of uncertainty; see the module."""

    known: Scatter = Field(
        description="How users with `STV` scatter: later spending is that after the first 4 days."
    )
    missing: Scatter = Field(
        description="How users without `STV` scatter: later spending is all spending."
    )
    future_share: Annotated[float, Field(ge=0, le=1)] = Field(
        description="Spending after the first 4 days, as a share of the value of all users."
    )
    last_join: StoredMoment = Field(
        description="When the last user joined that was learned from, on the site's own clock."
    )
    level_variance: Variance = Field(
        description="Variance of the level of the future at that time, as a share of the future."
    )
    weekly_variance: Variance = Field(
        description="By how much `level_variance` grows in a week, at first."
    )
    unseen_variance: Variance = Field(
        description="Variance of the level of a segment that was never seen, around the level of "
        "all."
    )
    segment_variance: dict[str, Variance] = Field(
        description="Variance of the level of each segment that was seen, around the level of all."
    )

    def interval(
        self, predictions: Floats, stv: Amounts, stretch: Floats | None = None
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
            UserCohortSummary(
                segment=segment if isinstance(segment, str) else MISSING_SEGMENT,
                joined=cast("pd.Timestamp", users["join_date"].mean()),
                prediction=float(predictions.mean()),
                later=float(later.mean()),
                future=float(
                    np.where(has_paid, np.maximum(later, 0), self.future_share * later).mean()
                ),
                known=self.known.count(later[has_paid]),
                missing=self.missing.count(later[~has_paid]),
            )
        )

    def interval_of_mean(self, cohort: "UserCohortSummary") -> tuple[float, float]:
        """Interval of `cohort_interval`, for a cohort of which only these means are known."""
        shared = self._shared_variance(cohort)
        parts = [(self.known, cohort.known), (self.missing, cohort.missing)]
        below, above = ends_of_mean(parts, cohort.later, shared)
        return cohort.prediction + min(below, 0.0), cohort.prediction + max(above, 0.0)

    def _shared_variance(self, cohort: "UserCohortSummary") -> float:
        """Variance of the cohort's mean that does not shrink with its size."""
        weeks = max((cohort.joined - self.last_join) / timedelta(weeks=1), 0.0)
        # A move is more often followed by one in the same direction than by one back.
        moved = self.weekly_variance * weeks * (1 + weeks / _PERSISTENCE)
        of_segment = self.segment_variance.get(cohort.segment, self.unseen_variance)
        return float(cohort.future**2 * (self.level_variance + moved + of_segment))


class UserCohortSummary(NamedTuple):
    """A cohort of users, as far as the interval of its mean depends on it; means per user."""

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


def _paid(stv: Amounts, n_users: int) -> tuple[Floats, NDArray[np.bool_]]:
    paid = known_or_nan(stv, n_users)
    has_paid = ~np.isnan(paid)
    return np.where(has_paid, paid, 0.0), has_paid
