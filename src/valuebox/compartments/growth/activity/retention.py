"""Retention: of the customers who joined in a month, how many are still active later."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.activity.months import Activity
from valuebox.compartments.growth.loaded.frames import months
from valuebox.compartments.growth.schemas import CohortsBy
from valuebox.statistics.arrays import Moments


class Cohort(BaseModel):
    """Customers who joined in one month."""

    model_config = ConfigDict(frozen=True)

    joined: str = Field(description="The month, such as 2013-05, in which they joined or bought.")
    customers: int = Field(description="Number of customers in the cohort.")
    active: list[int] = Field(
        description="How many customers of the cohort were active in its month, in the next one, "
        "and so on."
    )
    rates: list[float] = Field(description="`active` as shares of the customers of the cohort.")


class Retention(BaseModel):
    """The table of cohorts."""

    model_config = ConfigDict(frozen=True)

    by: CohortsBy = Field(
        description="Whether customers are a cohort by when they `joined`, and active with any "
        "event; or by their `first_purchase`, and active with a purchase."
    )
    cohorts: list[Cohort] = Field(
        description="Cohorts in order of time; months in which nobody joined have none."
    )
    average: list[float] = Field(
        description="Share that is active so many months after the month of the cohort, over all "
        "cohorts that have come as far; months that are not over are not in it."
    )
    last_is_partial: bool = Field(
        description="Whether the facts end within the last month of every cohort."
    )
    left_out: int = Field(
        description="Customers who are in no cohort: it is not known when they joined, or first "
        "bought, or it was outside of these months, or before the period of the report."
    )


def retention(
    joined: Moments,
    activity: Activity,
    since: np.datetime64 | None = None,
    by: CohortsBy = "joined",
) -> Retention:
    """How long cohorts stay active.

    Nothing before joining counts. Every row ends with the month in which the facts end, which may
    not be over; the average is of whole months.

    Args:
        joined: When customers joined, or first bought, `(n_customers,)`; NaT if not known.
        activity: When they were active.
        since: When the facts begin; of those who joined before it is not known how long they
            stayed. None where they are known from the beginning.
        by: What `joined` is.
    """
    known = ~np.isnat(joined)
    if since is not None:
        known &= joined >= since
    cohort = np.full(len(joined), -1, dtype=np.int64)
    cohort[known] = months(joined[known]) - activity.first
    width = activity.active.shape[1]
    sizes = np.bincount(cohort[(cohort >= 0) & (cohort < width)], minlength=width)
    found, came, stayed = [], np.zeros(width), np.zeros(width)
    for month in np.flatnonzero(sizes).tolist():
        active = activity.active[cohort == month, month:].sum(axis=0)
        whole = max(0, activity.complete - month)
        came[:whole] += sizes[month]
        stayed[:whole] += active[:whole]
        found.append(
            Cohort(
                joined=activity.name(month),
                customers=int(sizes[month]),
                active=active.tolist(),
                rates=(active / sizes[month]).tolist(),
            )
        )
    reached = came > 0
    return Retention(
        by=by,
        cohorts=found,
        average=(stayed[reached] / came[reached]).tolist(),
        last_is_partial=activity.complete < width,
        left_out=int(len(known) - sizes.sum()),
    )
