"""The figure that counts: the error of the mean, by segment and join period."""

from typing import Final, Literal

import pandas as pd
from pydantic import BaseModel, Field

Period = Literal["day", "month"]
PERIODS: Final[tuple[Period, ...]] = ("day", "month")
MISSING_SEGMENT: Final = "(missing)"


def cohort_means(users: pd.DataFrame, period: Period, predictions: list[str]) -> pd.DataFrame:
    """Mean target and mean predictions of every cohort.

    A cohort is the users of one segment who joined in one period.

    Args:
        users: One row per user with `country_segment`, `join_date`, `target` and the columns
            named in `predictions`; amounts in one currency.
        period: `day` or `month` of `join_date`, on the site's own clock.
        predictions: Columns to compare with `target`.

    Returns:
        One row per cohort: `country_segment`, `period`, `users`, `target`, then `predictions`.
    """
    keys = {
        "country_segment": users["country_segment"].fillna(MISSING_SEGMENT),
        "period": users["join_date"].dt.to_period("D" if period == "day" else "M"),
    }
    groups = users.assign(**keys).groupby(list(keys), observed=True, sort=True)
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


class SegmentErrors(BaseModel):
    """One row of the table: how far off the cohort means of a segment are, on average."""

    country_segment: str
    users: int
    cohorts: int = Field(description="Days or months in which users of the segment joined.")
    error: float = Field(description="Mean absolute error of the cohort mean.")
    baseline_error: float = Field(description="The same of the baseline.")


class PeriodErrors(BaseModel):
    """The table for one period, and its averages."""

    segments: list[SegmentErrors] = Field(description="Most users first.")
    macro: float = Field(description="Average over segments, each weighing the same.")
    macro_baseline: float
    weighted: float = Field(description="Average over segments, weighted by their users.")
    weighted_baseline: float


class CohortReport(BaseModel):
    """Error of the cohort mean by segment and join period, in the currency of the target."""

    users: int = Field(description="Users with a known target; only they are judged.")
    day: PeriodErrors
    month: PeriodErrors


def report(users: pd.DataFrame) -> CohortReport:
    """Judge the columns `prediction` and `baseline` of users, see `cohort_means`.

    Users without a `target` are left out.

    Raises:
        ValueError: when no user has a target.
    """
    known = users[users["target"].notna()]
    if known.empty:
        raise ValueError("no user has a target")
    day, month = (_period_errors(known, period) for period in PERIODS)
    return CohortReport(users=len(known), day=day, month=month)


def _period_errors(users: pd.DataFrame, period: Period) -> PeriodErrors:
    judged = ["prediction", "baseline"]
    table = cohort_errors(cohort_means(users, period, judged), judged)
    macro = table[judged].mean()
    weighted = table[judged].mul(table["users"], axis=0).sum() / table["users"].sum()
    rows = table.rename(columns={"prediction": "error", "baseline": "baseline_error"})
    return PeriodErrors(
        segments=[SegmentErrors.model_validate(row) for row in rows.to_dict("records")],
        macro=macro["prediction"],
        macro_baseline=macro["baseline"],
        weighted=weighted["prediction"],
        weighted_baseline=weighted["baseline"],
    )
