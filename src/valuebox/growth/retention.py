"""Cohorts: of those who joined in a month, how many are still active later."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.growth.activity import Activity
from valuebox.growth.columns import Customers, months


class Cohort(BaseModel):
    """Customers who joined in one month."""

    model_config = ConfigDict(frozen=True)

    joined: str = Field(description="The month, such as 2013-05.")
    customers: int
    active: list[int] = Field(
        description="How many were active in that month, in the next one, and so on."
    )
    rates: list[float] = Field(description="The same as shares of the cohort.")


class Retention(BaseModel):
    """The table of cohorts."""

    model_config = ConfigDict(frozen=True)

    cohorts: list[Cohort] = Field(description="By month; months in which nobody joined lack.")
    average: list[float] = Field(
        description="Share that is active so many months after the month of joining, over all "
        "cohorts that have come as far."
    )
    last_is_partial: bool = Field(
        description="Whether the facts end within the last month of every cohort."
    )
    left_out: int = Field(
        description="Customers of whom it is not known when they joined, or who joined outside of "
        "these months, or before the period of the report."
    )


def retention(
    customers: Customers, activity: Activity, since: np.datetime64 | None = None
) -> Retention:
    """How long cohorts stay active.

    Calendar months, UTC. Nothing before joining counts. Every row ends with the month in which
    the facts end.

    Args:
        customers: Who there is.
        activity: When they were active.
        since: When the facts begin; of those who joined before it is not known how long they
            stayed. None where they are known from the beginning.
    """
    known = ~np.isnat(customers.created)
    if since is not None:
        known &= customers.created >= since
    joined = np.full(len(customers), -1, dtype=np.int64)
    joined[known] = months(customers.created[known]) - activity.first
    width = activity.active.shape[1]
    sizes = np.bincount(joined[(joined >= 0) & (joined < width)], minlength=width)
    found, came, stayed = [], np.zeros(width), np.zeros(width)
    for month in np.flatnonzero(sizes).tolist():
        active = activity.active[joined == month, month:].sum(axis=0)
        came[: len(active)] += sizes[month]
        stayed[: len(active)] += active
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
        cohorts=found,
        average=(stayed[reached] / came[reached]).tolist(),
        last_is_partial=activity.complete < width,
        left_out=int(len(known) - sizes.sum()),
    )
