"""How many customers stopped coming, by month and by group."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.activity.months import Activity
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.statistics.rates import wilson


class MonthChurn(BaseModel):
    """What became of the customers who were active in a month."""

    model_config = ConfigDict(frozen=True)

    month: str = Field(description="The calendar month, such as 2013-05.")
    active: int = Field(description="Customers who were active in this month.")
    lost: int = Field(
        description="Customers who were active in this month and not in the next one."
    )
    rate: float = Field(description="`lost` as a share of `active`.")
    rate_lower: float = Field(description="Lower end of the 90 % interval of `rate`.")
    rate_upper: float = Field(description="Upper end of the 90 % interval of `rate`.")
    first_time: int = Field(
        description="Customers who were active in this month for the first time in the report."
    )
    returned: int = Field(
        description="Customers who were active in this month, not in the one before, and at some "
        "time before that."
    )


class GroupChurn(BaseModel):
    """How many customers of a group have gone."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Group of customers.")
    active: int = Field(description="Customers who have ever been active.")
    churned: int = Field(
        description="Customers who were active once, and not in the last `days` days."
    )
    rate: float = Field(description="`churned` as a share of `active`.")
    rate_lower: float = Field(description="Lower end of the 90 % interval of `rate`.")
    rate_upper: float = Field(description="Upper end of the 90 % interval of `rate`.")


class Churn(BaseModel):
    """Churn by month and by group."""

    model_config = ConfigDict(frozen=True)

    days: int = Field(description="Days without an event after which a customer has churned.")
    months: list[MonthChurn] = Field(
        description="Months in order of time, as far as the month after each of them is over."
    )
    groups: list[GroupChurn] = Field(
        description="Churn of every group of customers at the end of the report."
    )


def churn(
    facts: Facts, activity: Activity, attribute: str, until: np.datetime64, days: int
) -> Churn:
    """Customers who stopped coming, month by month, and by group at the end.

    Nobody says goodbye here: a customer who has been away for long may come back. See
    `bgnbd.alive` for how likely that is.

    Args:
        facts: What happened; every event is activity.
        activity: The same by month.
        attribute: Of customers, which their groups are made by.
        until: When the facts end.
        days: After how many days without an event a customer has churned.
    """
    return Churn(
        days=days,
        months=_by_month(activity),
        groups=_by_group(facts, attribute, until - np.timedelta64(days, "D")),
    )


def _by_month(activity: Activity) -> list[MonthChurn]:
    active = activity.active
    before = np.zeros(len(active), dtype=bool)
    found = []
    for month in range(activity.complete - 1):
        now, next_one = active[:, month], active[:, month + 1]
        there, lost = int(now.sum()), int((now & ~next_one).sum())
        first = now & ~before
        back = now & before & ~active[:, month - 1] if month else first & False
        if there:
            low, high = wilson(lost, there)
            found.append(
                MonthChurn(
                    month=activity.name(month), active=there, lost=lost, rate=lost / there,
                    rate_lower=low, rate_upper=high,
                    first_time=int(first.sum()), returned=int(back.sum()),
                )
            )  # fmt: skip
        before |= now
    return found


def _by_group(facts: Facts, attribute: str, since: np.datetime64) -> list[GroupChurn]:
    groups = facts.customers.groups(attribute)
    ever = facts.per_customer() > 0
    lately = facts.per_customer(facts.events.time >= since) > 0
    counted = zip(groups.names, groups.counts(ever), groups.counts(ever & ~lately), strict=True)
    found = []
    for name, active, churned in counted:
        if active:
            low, high = wilson(int(churned), int(active))
            found.append(
                GroupChurn(
                    name=name, active=int(active), churned=int(churned),
                    rate=float(churned / active), rate_lower=low, rate_upper=high,
                )
            )  # fmt: skip
    return found
