"""Buyers by how lately, how often and for how much they bought, and what such buyers did next."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.activity.counts import NotEnough
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import Money
from valuebox.compartments.growth.value.purchases import WEEK, Purchases, purchases
from valuebox.statistics.arrays import Floats, Mask
from valuebox.statistics.rates import wilson

QUINTILES: Final = 5
NAMES: Final = (
    "Champions", "Loyal", "Potential loyalists", "New", "Promising", "Need attention",
    "About to sleep", "At risk", "Cannot lose", "Hibernating",
)  # fmt: skip
"""Segments of buyers, the most lively first."""
# Rows are scores of recency from 1 to 5, columns those of frequency: positions in `NAMES`.
_GRID: Final = np.array([
    [9, 9, 7, 7, 8],
    [9, 9, 7, 7, 8],
    [6, 6, 5, 1, 1],
    [4, 2, 2, 1, 1],
    [3, 2, 2, 0, 0],
])  # fmt: skip


class NextPeriod(BaseModel):
    """What the buyers who had been in a segment at an earlier moment did after it."""

    model_config = ConfigDict(frozen=True)

    customers: int = Field(
        description="Buyers who were in the segment `days` before the end of the facts."
    )
    bought: int = Field(description="Buyers among `customers` who bought again in these days.")
    rate: float = Field(description="`bought` as a share of `customers`.")
    rate_lower: float = Field(description="Lower end of the 90 % interval of `rate`.")
    rate_upper: float = Field(description="Upper end of the 90 % interval of `rate`.")
    revenue: float = Field(description="What those buyers brought within these days.")
    each: float = Field(description="`revenue` for each of those buyers.")


class RfmSegment(BaseModel):
    """Buyers who are alike in how lately and how often they bought."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="What such buyers are usually called, such as Champions.")
    customers: int = Field(description="Buyers in the segment at the end of the facts.")
    share: float = Field(description="`customers` as a share of all buyers.")
    revenue: float = Field(
        description="All that these buyers have brought in the report, less refunds."
    )
    revenue_share: float | None = Field(description="`revenue` as a share of that of all buyers.")
    recency_days: float = Field(description="Mean days since their last purchase.")
    purchase_days: float = Field(description="Mean number of days on which they bought.")
    spent: float = Field(description="Mean of what each of them brought.")
    next: NextPeriod | None = Field(
        description="What buyers who were in this segment `days` earlier did since; null where "
        "nobody was in it."
    )


class GroupSegment(BaseModel):
    """Buyers of a group who are in a segment."""

    model_config = ConfigDict(frozen=True)

    group: str = Field(description="Group of customers.")
    segment: str = Field(description="Name of the segment.")
    customers: int = Field(description="Buyers who are in both.")


class Rfm(BaseModel):
    """Segments of buyers by recency, frequency and money, each scored from 1 to 5 by quintile."""

    model_config = ConfigDict(frozen=True)

    days: int = Field(
        description="Length in days of the period that `next` tells of, which ends with the facts."
    )
    segments: list[RfmSegment] = Field(description="Segments, the most lively one first.")
    groups: list[GroupSegment] = Field(
        description="Number of buyers in each combination of group and segment that occurs."
    )


class Scores(NamedTuple):
    """How buyers bought, and their quintiles, each from 1 (worst) to 5; `(n_buyers,)`."""

    recency_days: Floats
    purchase_days: Floats
    spent: Floats
    recency: NDArray[np.int64]
    frequency: NDArray[np.int64]
    money: NDArray[np.int64]

    @property
    def segment(self) -> NDArray[np.int64]:
        """Position in `NAMES` of each buyer's segment, by recency and frequency."""
        found: NDArray[np.int64] = _GRID[self.recency - 1, self.frequency - 1]
        return found


def rfm(facts: Facts, money: Money, attribute: str, until: np.datetime64, days: int) -> Rfm:
    """Segment buyers, and look up what such buyers did next.

    The segments of `next` are made anew of what was known `days` before the end, so that nobody is
    judged by purchases that put them into their segment.

    Args:
        facts: What happened.
        money: What events brought.
        attribute: Of customers, which their groups are made by.
        until: When the facts end.
        days: How long the next period is.

    Raises:
        NotEnough: when there are fewer buyers than quintiles.
    """
    known = purchases(facts, money, until)
    if len(known) < QUINTILES:
        raise NotEnough(f"fewer than {QUINTILES} customers have bought anything")
    now = scores(facts, money, known, until)
    codes, names = facts.customers.groups(attribute)
    mine = codes[known.customer]
    table = np.zeros((len(names), len(NAMES)), dtype=np.int64)
    np.add.at(table, (mine, now.segment), 1)
    return Rfm(
        days=days,
        segments=_segments(now, _next(facts, money, until, days)),
        groups=[
            GroupSegment(group=names[group], segment=NAMES[at], customers=int(table[group, at]))
            for group, at in np.argwhere(table).tolist()
        ],
    )


def scores(facts: Facts, money: Money, known: Purchases, until: np.datetime64) -> Scores:
    """Score buyers by what they bought before `until`."""
    rows = facts.events.time < until
    spent = facts.amount_per_customer(np.where(rows, money.amount, 0.0))[known.customer]
    recency = (known.observed - known.last) * WEEK
    often = known.repeats + 1
    return Scores(recency, often, spent, quintiles(-recency), quintiles(often), quintiles(spent))


def quintiles(values: Floats) -> NDArray[np.int64]:
    """The fifth that each value is in, from 1 (lowest) to 5; equal values are in the same one."""
    middle = (scipy.stats.rankdata(values) - 0.5) / len(values)
    found: NDArray[np.int64] = np.minimum(middle * QUINTILES, QUINTILES - 1).astype(np.int64) + 1
    return found


def _next(
    facts: Facts, money: Money, until: np.datetime64, days: int
) -> Sequence[NextPeriod | None]:
    """What the buyers of each segment `days` before the end did since."""
    cut = until - np.timedelta64(days, "D")
    known = purchases(facts, money, cut)
    if len(known) < QUINTILES:
        return [None] * len(NAMES)
    then = scores(facts, money, known, cut).segment
    rows = (facts.events.time >= cut) & (facts.events.time < until)
    bought = facts.per_customer(rows & money.is_purchase)[known.customer] > 0
    brought = facts.amount_per_customer(np.where(rows, money.amount, 0.0))[known.customer]
    return [_did(then == at, bought, brought) for at in range(len(NAMES))]


def _did(inside: Mask, bought: Mask, brought: Floats) -> NextPeriod | None:
    customers = int(inside.sum())
    if not customers:
        return None
    again, revenue = int(bought[inside].sum()), float(brought[inside].sum())
    low, high = wilson(again, customers)
    return NextPeriod(
        customers=customers, bought=again, rate=again / customers, rate_lower=low, rate_upper=high,
        revenue=revenue, each=revenue / customers,
    )  # fmt: skip


def _segments(now: Scores, later: Sequence[NextPeriod | None]) -> list[RfmSegment]:
    total = float(now.spent.sum())
    found = []
    for at, name in enumerate(NAMES):
        inside = now.segment == at
        if inside.any():
            revenue = float(now.spent[inside].sum())
            found.append(
                RfmSegment(
                    name=name,
                    customers=int(inside.sum()),
                    share=float(inside.mean()),
                    revenue=revenue,
                    revenue_share=revenue / total if total > 0 else None,
                    recency_days=float(now.recency_days[inside].mean()),
                    purchase_days=float(now.purchase_days[inside].mean()),
                    spent=float(now.spent[inside].mean()),
                    next=later[at],
                )
            )
    return found
