"""Who and what brings the money: customers, campaigns, categories."""

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.growth.columns import Facts, Groups, crossed, grouped
from valuebox.growth.means import mean_interval
from valuebox.growth.money import Money

TOP_SHARE: Final = 0.1


class Profit(BaseModel):
    """What some purchases brought."""

    model_config = ConfigDict(frozen=True)

    name: str
    purchases: int
    profit: float = Field(description="Sum of the amounts of the purchases.")
    share: float | None = Field(description="Of all profit.")


class GroupProfit(Profit):
    """What a group of customers brought."""

    customers: int
    buyers: int
    each: float | None = Field(description="Profit for each customer, buyer or not.")
    each_lower: float | None = Field(description="Lower end of its 90 % interval.")
    each_upper: float | None


class CustomerProfit(BaseModel):
    """One of the customers who brought most."""

    model_config = ConfigDict(frozen=True)

    source: str
    customer: str
    group: str
    purchases: int
    profit: float


class Profits(BaseModel):
    """Where the profit comes from."""

    model_config = ConfigDict(frozen=True)

    purchases: int
    unpriced: int = Field(description="Purchases without an amount; they add nothing.")
    total: float
    at_one_each: int = Field(description="The same if every purchase brought $1: their number.")
    top_tenth: float | None = Field(
        description="Share of it that the best tenth of all customers brought."
    )
    groups: list[GroupProfit] = Field(description="By group of customers, most profit first.")
    categories: list[Profit] = Field(description="Most profit first.")
    groups_and_categories: list[Profit] = Field(description="Most profit first.")
    customers: list[CustomerProfit] = Field(description="The best ones, most profit first.")


def profits(facts: Facts, money: Money, attribute: str, top: int) -> Profits:
    """Rank what brought money.

    Args:
        facts: What happened.
        money: What events brought.
        attribute: Of customers, which their groups are made by.
        top: How many single customers to list.
    """
    groups = facts.event_groups(attribute)
    categories = grouped(facts.events.category)
    by_customer = np.sort(facts.amount_per_customer(money.amount))[::-1]
    total = float(money.amount.sum())
    best = int(np.ceil(TOP_SHARE * len(by_customer)))
    return Profits(
        purchases=int(money.is_purchase.sum()),
        unpriced=money.unpriced,
        total=total,
        at_one_each=int(money.is_purchase.sum()),
        top_tenth=float(by_customer[:best].sum()) / total if total else None,
        groups=group_profits(facts, money, attribute),
        categories=_ranked(categories, money, total),
        groups_and_categories=_ranked(crossed(groups, categories), money, total),
        customers=_best_customers(facts, money, attribute, top),
    )


def group_profits(facts: Facts, money: Money, attribute: str) -> list[GroupProfit]:
    """Profit by group of customers, most first; the interval is Student's t."""
    events, customers = facts.event_groups(attribute), facts.customers.groups(attribute)
    purchases = events.counts(money.is_purchase)
    sums = events.sums(money.amount)
    total = float(money.amount.sum())
    brought = facts.amount_per_customer(money.amount)
    bought = facts.per_customer(money.is_purchase) > 0
    own = dict(
        zip(
            customers.names,
            zip(
                customers.counts(), customers.counts(bought),
                customers.sums(brought), customers.sums(brought**2), strict=True,
            ),
            strict=True,
        )
    )  # fmt: skip
    found = []
    for code, name in enumerate(events.names):
        n, buyers, amount, squares = own.get(name, (0, 0, 0.0, 0.0))
        low, high = mean_interval(amount, squares, int(n)) if n > 1 else (None, None)
        found.append(
            GroupProfit(
                name=name,
                purchases=int(purchases[code]),
                profit=float(sums[code]),
                share=float(sums[code]) / total if total else None,
                customers=int(n),
                buyers=int(buyers),
                each=float(amount / n) if n else None,
                each_lower=low,
                each_upper=high,
            )
        )
    return sorted(found, key=_most_first)


def _ranked(groups: Groups, money: Money, total: float) -> list[Profit]:
    purchases, sums = groups.counts(money.is_purchase), groups.sums(money.amount)
    found = [
        Profit(name=name, purchases=n, profit=amount, share=amount / total if total else None)
        for name, n, amount in zip(groups.names, purchases.tolist(), sums.tolist(), strict=True)
        if n
    ]
    return sorted(found, key=_most_first)


def _best_customers(facts: Facts, money: Money, attribute: str, top: int) -> list[CustomerProfit]:
    brought = facts.amount_per_customer(money.amount)
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
            profit=float(brought[at]),
        )
        for at in order.tolist()
        if purchases[at]
    ]


def _most_first(one: Profit) -> tuple[float, str]:
    return -one.profit, one.name
