"""Errors of cohort means, by country segment and join period: the figure that counts."""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from valuebox.schemas.names import MISSING_SEGMENT, quoted
from valuebox.statistics.grain import GRAINS, Grain
from valuebox.statistics.scores import UserScores, user_scores

if TYPE_CHECKING:
    from pandas.core.groupby import DataFrameGroupBy

Interval = tuple[float, float]
_LARGE: Final = 200
_DRAWS: Final = 400


def cohort_means(users: pd.DataFrame, grain: Grain, predictions: list[str]) -> pd.DataFrame:
    """Mean target and mean predictions of every cohort.

    A cohort is the users of one segment who joined in one period.

    Args:
        users: One row per user with `country_segment`, `join_date`, `target` and the columns
            named in `predictions`; amounts in one currency.
        grain: `day` or `month` of `join_date`, on the site's own clock.
        predictions: Columns to compare with `target`.

    Returns:
        One row per cohort: `country_segment`, `period`, `users`, `target`, then `predictions`.
    """
    groups = _groups(users, grain)
    means = groups[["target", *predictions]].mean()
    means.insert(0, "users", groups.size())
    return means.reset_index()


def cohort_errors(cohorts: pd.DataFrame, predictions: list[str]) -> pd.DataFrame:
    """Mean absolute error of the cohort mean, per segment.

    The error of a cohort is |mean(target) - mean(prediction)|, in the currency of `target`.
    Cohorts of a segment weigh equally, however many users they have.

    Args:
        cohorts: From `cohort_means`.
        predictions: Columns to judge.

    Returns:
        One row per segment, most users first: `country_segment`, `users`, `cohorts`, then the
        error of each of `predictions`.
    """
    errors = cohorts[predictions].sub(cohorts["target"], axis=0).abs()
    errors.insert(0, "country_segment", cohorts["country_segment"])
    table = errors.groupby("country_segment").mean()
    segments = cohorts.groupby("country_segment")["users"]
    table.insert(0, "users", segments.sum())
    table.insert(1, "cohorts", segments.size())
    return table.sort_values("users", ascending=False, kind="stable").reset_index()


class Cohort(BaseModel):
    """The users of one segment who joined in one period; means per user."""

    country_segment: str = Field(description="Country segment of the users.")
    period: str = Field(description="A day such as 2019-07-01 or a month such as 2019-07.")
    users: int = Field(description="Number of users in the cohort.")
    actual: float = Field(description="Mean target of these users.")
    predicted: float = Field(description="Mean prediction of these users.")
    baseline: float = Field(description="Mean prediction of the baseline for these users.")
    lower: float | None = Field(
        default=None, description="Lower end of the interval for the mean target, if there is one."
    )
    upper: float | None = Field(
        default=None, description="Upper end of the interval for the mean target, if there is one."
    )


class SegmentErrors(BaseModel):
    """One row of the table: how far off the cohort means of a segment are, on average."""

    country_segment: str = Field(description="Country segment of the users.")
    users: int = Field(description="Number of users in the segment.")
    cohorts: int = Field(
        description="Number of days or months in which users of the segment joined."
    )
    error: float = Field(description="Mean absolute error of the cohort mean.")
    baseline_error: float = Field(
        description="Mean absolute error of the cohort mean that the baseline makes."
    )
    noise_floor: float = Field(
        description="Estimate of the error that chance would leave if every expectation were right."
    )
    bias: float = Field(
        description="Mean prediction minus mean target of all users of the segment."
    )
    inside: float | None = Field(
        default=None,
        description="Share of the cohorts of the segment whose mean target lies in the interval.",
    )


class PeriodErrors(BaseModel):
    """The table for one period, and its averages."""

    segments: list[SegmentErrors] = Field(description="Errors by segment, most users first.")
    macro: float = Field(description="Average error over segments, each weighing the same.")
    macro_baseline: float = Field(
        description="Average error of the baseline over segments, each weighing the same."
    )
    macro_floor: float = Field(
        description="Average noise floor over segments, each weighing the same."
    )
    weighted: float = Field(description="Average error over segments, weighted by their users.")
    weighted_baseline: float = Field(
        description="Average error of the baseline over segments, weighted by their users."
    )
    weighted_floor: float = Field(
        description="Average noise floor over segments, weighted by their users."
    )
    inside: float | None = Field(
        default=None, description="Share of all cohorts whose mean target lies in the interval."
    )
    cohorts: list[Cohort] = Field(description="Every cohort, by segment and then by period.")


class CohortReport(BaseModel):
    """Error of the cohort mean by segment and join period, in the currency of the target."""

    users: int = Field(description="Users with a known target; only they are judged.")
    day: PeriodErrors = Field(description="Errors of cohorts by the day of joining.")
    month: PeriodErrors = Field(description="Errors of cohorts by the month of joining.")
    scores: UserScores = Field(description="How well the same predictions fit single users.")


def report(
    users: pd.DataFrame, interval: Callable[[pd.DataFrame], Interval] | None = None
) -> CohortReport:
    """Judge the columns `prediction` and `baseline` of users, see `cohort_means`.

    Users without a `target` are left out.

    Args:
        users: One row per user.
        interval: For the users of a cohort, the interval that their mean target is expected
            in; without it none are given.

    Raises:
        ValueError: when no user has a target.
    """
    known = users[users["target"].notna()]
    if known.empty:
        raise ValueError("no user has a target")
    day, month = (_period_errors(known, grain, interval) for grain in GRAINS)
    scores = user_scores(
        known["target"].to_numpy(dtype=np.float64), known["prediction"].to_numpy(dtype=np.float64)
    )
    return CohortReport(users=len(known), day=day, month=month, scores=scores)


def noise_floors(users: pd.DataFrame, cohorts: pd.DataFrame) -> "pd.Series[float]":
    """Error of the cohort mean that chance alone would leave, per segment.

    A cohort is a finite sample: its mean is off however good the expectation. By how much is
    taken from the data alone, by resampling target - prediction within the segment, around its
    mean; for large cohorts it is s * sqrt(2 / (pi * n)), the mean absolute deviation of the
    normal distribution that their means approach.

    Args:
        users: With `country_segment`, `target` and `prediction`.
        cohorts: From `cohort_means` of the same users.

    Returns:
        The floor by segment, in the currency of the target.
    """
    residual = users["target"] - users["prediction"]
    everybody = residual.to_numpy(dtype=np.float64)
    by_segment = residual.groupby(_segments(users))
    sizes = cohorts.groupby("country_segment")["users"]
    rng = np.random.default_rng(0)
    floors = {}
    for segment, of_segment in by_segment:
        # Of a single user nothing can be said; everybody's spread stands in.
        known = of_segment.to_numpy(dtype=np.float64) if len(of_segment) > 1 else everybody
        floors[segment] = _mean_floor(known - known.mean(), sizes.get_group(segment), rng)
    return pd.Series(floors, dtype=np.float64)


def _groups(users: pd.DataFrame, grain: Grain) -> "DataFrameGroupBy[Any, Any]":
    keys = {
        "country_segment": _segments(users),
        "period": users["join_date"].dt.to_period("D" if grain == "day" else "M"),
    }
    return users.assign(**keys).groupby(list(keys), observed=True, sort=True)


def _segments(users: pd.DataFrame) -> "pd.Series[str]":
    return users["country_segment"].map(quoted, na_action="ignore").fillna(MISSING_SEGMENT)


def _mean_floor(
    residual: NDArray[np.float64], sizes: "pd.Series[int]", rng: np.random.Generator
) -> float:
    floors = [
        np.std(residual) * np.sqrt(2 / (np.pi * size))
        if size >= _LARGE
        else np.abs(rng.choice(residual, (_DRAWS, size)).mean(axis=1)).mean()
        for size in sizes
    ]
    return float(np.mean(floors))


def _period_errors(
    users: pd.DataFrame, grain: Grain, interval: Callable[[pd.DataFrame], Interval] | None
) -> PeriodErrors:
    judged = ["prediction", "baseline"]
    cohorts = cohort_means(users, grain, judged)
    table = cohort_errors(cohorts, judged)
    table = table.rename(columns={"prediction": "error", "baseline": "baseline_error"})
    segments = table["country_segment"]
    table["noise_floor"] = segments.map(noise_floors(users, cohorts))
    bias = users["prediction"] - users["target"]
    table["bias"] = segments.map(bias.groupby(_segments(users)).mean())
    averaged = table[["error", "baseline_error", "noise_floor"]]
    macro = averaged.mean()
    weighted = averaged.mul(table["users"], axis=0).sum() / table["users"].sum()
    table["inside"] = None
    if interval:
        cohorts[["lower", "upper"]] = [interval(members) for _, members in _groups(users, grain)]
        hit = cohorts["target"].between(cohorts["lower"], cohorts["upper"])
        table["inside"] = segments.map(hit.groupby(cohorts["country_segment"]).mean())
    return PeriodErrors(
        segments=[SegmentErrors.model_validate(row) for row in table.to_dict("records")],
        macro=macro["error"],
        macro_baseline=macro["baseline_error"],
        macro_floor=macro["noise_floor"],
        weighted=weighted["error"],
        weighted_baseline=weighted["baseline_error"],
        weighted_floor=weighted["noise_floor"],
        inside=float(hit.mean()) if interval else None,
        cohorts=[_cohort(row) for row in cohorts.to_dict("records")],
    )


def _cohort(row: dict[Hashable, Any]) -> Cohort:
    return Cohort(
        country_segment=row["country_segment"],
        period=str(row["period"]),
        users=row["users"],
        actual=row["target"],
        predicted=row["prediction"],
        baseline=row["baseline"],
        lower=row.get("lower"),
        upper=row.get("upper"),
    )
