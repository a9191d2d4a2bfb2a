"""Who and what brings the money: customers, campaigns, categories."""

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.frames import Facts, Groups, crossed, grouped
from valuebox.compartments.growth.loaded.money import Measure, Money
from valuebox.facts.labels import Labels
from valuebox.statistics.arrays import Floats
from valuebox.statistics.subsampling import MeanTails

TOP_SHARE: Final = 0.1


class Profit(BaseModel):
    """What the purchases of a group or of a category brought."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Group or category that the purchases belong to.")
    purchases: int = Field(description="Number of purchases.")
    revenue: float = Field(description="Sum of the amounts of the purchases, less refunds.")
    profit: float = Field(
        description="What is left of `revenue` after costs; all of it where no costs are known."
    )
    share: float | None = Field(
        description="`profit` as a share of what everything above 0 has brought; null for what is "
        "not above 0 itself."
    )


class GroupProfit(Profit):
    """What a group of customers brought."""

    customers: int = Field(description="Customers of the group.")
    buyers: int = Field(description="Customers of the group who have bought.")
    each: float | None = Field(description="Profit for each customer, buyer or not.")
    each_lower: float | None = Field(description="Lower end of the 90 % interval of `each`.")
    each_upper: float | None = Field(description="Upper end of the 90 % interval of `each`.")
    no_interval: str | None = Field(
        description="Why `each` has no interval; null where it has one."
    )


class CustomerProfit(BaseModel):
    """One of the customers who brought most."""

    model_config = ConfigDict(frozen=True)

    source: str
    customer: str
    group: str
    purchases: int
    revenue: float
    profit: float


class Profits(BaseModel):
    """Where the profit comes from."""

    model_config = ConfigDict(frozen=True)

    measure: Measure = Field(
        description="What amounts are, here and in all that follows: `profit` where a margin or "
        "a cost was told, or else `revenue`, whatever their fields are called."
    )
    purchases: int = Field(description="Number of events that are purchases.")
    orders: int = Field(
        description="Number of orders: all that a customer bought at one moment is one."
    )
    unpriced: int = Field(description="Purchases without an amount; they add nothing.")
    uncosted: int = Field(
        description="Purchases without the cost that `cost_property` asks for; they cost nothing."
    )
    refunds: int = Field(description="Events that took money back; none is a purchase.")
    refunded: float = Field(description="Amount that refunds took back.")
    refund_types: list[str] = Field(
        description="Types of the refunds; `(refund)` stands for purchases with a negative amount."
    )
    neither: int = Field(
        description="Number of events with an amount that are neither purchases nor refunds; no "
        "figure holds these amounts."
    )
    neither_types: list[str] = Field(description="Types of these events.")
    revenue: float = Field(description="Sum of the amounts of all purchases, less refunds.")
    total: float = Field(
        description="The profit: what is left of `revenue` after costs, where these are known."
    )
    at_one_each: int = Field(
        description="What purchases would have brought at $1 each: their number."
    )
    top_tenth: float | None = Field(
        description="Share of the money that came from the tenth of the customers who brought most."
    )
    groups: list[GroupProfit] = Field(
        description="What each group of customers brought, most profit first."
    )
    categories: list[Profit] = Field(description="What each category brought, most profit first.")
    groups_and_categories: list[Profit] = Field(
        description="What each category brought in each group of customers, most profit first."
    )
    customers: list[CustomerProfit] = Field(
        description="The customers who brought most, most profit first."
    )


def profits(
    facts: Facts, money: Money, attribute: str, top: int, tails: MeanTails | None = None
) -> Profits:
    """Rank what brought money.

    Args:
        facts: What happened.
        money: What events brought.
        attribute: Of customers, which their groups are made by.
        top: How many single customers to list.
        tails: What is known of how far means are off, by what each customer brought; None to
            learn it.
    """
    groups = facts.event_groups(attribute)
    categories = grouped(facts.events.category)
    by_customer = np.sort(facts.amount_per_customer(money.amount))[::-1]
    total = float(money.amount.sum())
    best = int(np.ceil(TOP_SHARE * len(by_customer)))
    return Profits(
        measure=money.measure,
        purchases=int(money.is_purchase.sum()),
        orders=int(money.is_order.sum()),
        unpriced=money.unpriced,
        uncosted=money.uncosted,
        refunds=int(money.is_refund.sum()),
        refunded=float(-money.revenue[money.is_refund].sum()),
        refund_types=_names(facts.events.type.where(money.is_refund)),
        neither=int(money.is_neither.sum()),
        neither_types=_names(facts.events.type.where(money.is_neither)),
        revenue=float(money.revenue.sum()),
        total=total,
        at_one_each=int(money.is_purchase.sum()),
        top_tenth=float(np.nansum(_shares(by_customer)[:best])) if total > 0 else None,
        groups=group_profits(facts, money, attribute, tails),
        categories=_ranked(categories, money),
        groups_and_categories=_ranked(crossed(groups, categories), money),
        customers=_best_customers(facts, money, attribute, top),
    )


def group_profits(
    facts: Facts, money: Money, attribute: str, tails: MeanTails | None = None
) -> list[GroupProfit]:
    """Profit by group of customers, most first."""
    events, customers = facts.event_groups(attribute), facts.customers.groups(attribute)
    purchases = events.counts(money.is_purchase)
    sums, revenue = events.sums(money.amount), events.sums(money.revenue)
    shares = _shares(sums)
    brought = facts.amount_per_customer(money.amount)
    tails = tails or MeanTails(brought)
    bought = facts.per_customer(money.is_purchase) > 0
    own = dict(
        zip(
            customers.names,
            zip(
                customers.counts(), customers.counts(bought),
                customers.sums(brought), customers.sums(brought**2),
                customers.counts(brought != 0), strict=True,
            ),
            strict=True,
        )
    )  # fmt: skip
    found = []
    for code, name in enumerate(events.names):
        n, buyers, amount, squares, backed = own.get(name, (0, 0, 0.0, 0.0, 0))
        sure = tails.interval(float(amount), float(squares), int(n), int(backed))
        found.append(
            GroupProfit(
                name=name,
                purchases=int(purchases[code]),
                revenue=float(revenue[code]),
                profit=float(sums[code]),
                share=_known(shares[code]),
                customers=int(n),
                buyers=int(buyers),
                each=float(amount / n) if n else None,
                each_lower=sure.low,
                each_upper=sure.high,
                no_interval=sure.why_not if n else None,
            )
        )
    return sorted(found, key=_most_first)


def _ranked(groups: Groups, money: Money) -> list[Profit]:
    purchases, refunds = groups.counts(money.is_purchase), groups.counts(money.is_refund)
    sums, revenue = groups.sums(money.amount), groups.sums(money.revenue)
    shares = _shares(sums)
    found = [
        Profit(
            name=groups.names[code],
            purchases=int(purchases[code]),
            revenue=float(revenue[code]),
            profit=float(sums[code]),
            share=_known(shares[code]),
        )
        for code in np.flatnonzero(purchases + refunds).tolist()
    ]
    return sorted(found, key=_most_first)


def _shares(sums: Floats) -> Floats:
    """Shares of what was brought, where refunds may leave less than nothing; NaN for these.

    All of them are NaN where refunds leave nothing of the whole.
    """
    brought = np.where(sums > 0, sums, 0.0)
    whole = brought.sum() if sums.sum() > 0 else np.nan
    shares: Floats = np.where(sums < 0, np.nan, brought / whole)
    return shares


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _names(values: Labels) -> list[str]:
    return [values.names[code] for code in np.unique(values.codes[values.codes >= 0]).tolist()]


def _best_customers(facts: Facts, money: Money, attribute: str, top: int) -> list[CustomerProfit]:
    brought = facts.amount_per_customer(money.amount)
    revenue = facts.amount_per_customer(money.revenue)
    purchases = facts.per_customer(money.is_purchase)
    customers, groups = facts.customers, facts.customers.groups(attribute)
    # Of the same profit and as many purchases, the one who was read first.
    order = np.lexsort((-purchases, -brought))[:top]
    return [
        CustomerProfit(
            source=customers.source_of(at),
            customer=str(customers.id[at]),
            group=groups.names[groups.codes[at]],
            purchases=int(purchases[at]),
            revenue=float(revenue[at]),
            profit=float(brought[at]),
        )
        for at in order.tolist()
        if purchases[at]
    ]


def _most_first(one: Profit) -> tuple[float, str]:
    return -one.profit, one.name
