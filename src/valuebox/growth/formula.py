"""Lifetime value by the workshop's formula, every factor of it shown.

    order value × repeat sales a month × months active

The order value is the mean amount of a purchase, or as the text has it, $1 times the number of
categories. Repeat sales are how often somebody buys in a month in which they buy at all; months
active are how many months of a year those are. All of it is looked at over the last 12 months.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.growth.activity import Activity, activity
from valuebox.growth.columns import Facts, Floats
from valuebox.growth.money import Money

YEAR: Final = 12


class GroupValue(BaseModel):
    """What a customer of a group is worth by the formula."""

    model_config = ConfigDict(frozen=True)

    name: str
    customers: int
    buyers: int = Field(description="Customers with a purchase in the last 12 months.")
    order_value: float | None = Field(description="Mean amount of their purchases.")
    sales_a_month: float | None = Field(
        description="Mean over buyers: purchases in a month with any."
    )
    months_active: float | None = Field(description="Mean over buyers: months with a purchase.")
    value: float | None = Field(description="Product of the three: the value of a buyer.")
    value_of_customer: float | None = Field(
        description="`value` times the share of customers who are buyers."
    )
    text_order_value: float = Field(description="$1 times the number of categories.")
    text_value: float | None = Field(description="`value` with `text_order_value` instead.")


class CustomerValue(BaseModel):
    """A customer's own factors."""

    model_config = ConfigDict(frozen=True)

    source: str
    customer: str
    group: str
    order_value: float
    sales_a_month: float
    months_active: int
    value: float = Field(description="Product of the three.")
    text_value: float = Field(description="The same with $1 times the number of categories.")


class FormulaValue(BaseModel):
    """Lifetime value by formula."""

    model_config = ConfigDict(frozen=True)

    first_month: str = Field(description="Of the 12 months, or as many as there are.")
    last_month: str
    categories: int
    everybody: GroupValue
    groups: list[GroupValue] = Field(description="Highest value of a customer first.")
    customers: list[CustomerValue] = Field(description="Highest value first.")


class _Factors(NamedTuple):
    """By customer, `(n_customers,)`; 0 for those who did not buy."""

    purchases: NDArray[np.int64]
    amount: Floats
    months: NDArray[np.int64]


def formula_value(
    facts: Facts, money: Money, attribute: str, until: np.datetime64, top: int
) -> FormulaValue:
    """Value customers and their groups.

    Args:
        facts: What happened.
        money: What events brought.
        attribute: Of customers, which their groups are made by.
        until: When the facts end.
        top: How many single customers to list.
    """
    bought = activity(facts, money.is_purchase, until)
    categories = len(facts.events.category.names)
    factors = _factors(facts, money, bought)
    groups = _groups(facts, factors, attribute, categories)
    everybody = np.zeros(len(facts.customers), dtype=np.intp)
    width = bought.active.shape[1]
    return FormulaValue(
        first_month=bought.name(max(0, width - YEAR)),
        last_month=bought.name(width - 1),
        categories=categories,
        everybody=_group("all", factors, everybody == 0, categories),
        groups=groups,
        customers=_customers(facts, factors, attribute, categories, top),
    )


def group_values(
    facts: Facts, money: Money, attribute: str, until: np.datetime64
) -> list[GroupValue]:
    """What the customers of each group are worth, highest value of a customer first."""
    factors = _factors(facts, money, activity(facts, money.is_purchase, until))
    return _groups(facts, factors, attribute, len(facts.events.category.names))


def _factors(facts: Facts, money: Money, bought: Activity) -> _Factors:
    width = bought.active.shape[1]
    since = np.datetime64(bought.first + max(0, width - YEAR), "M")
    rows = money.is_purchase & (facts.events.time >= since)
    return _Factors(
        facts.per_customer(rows),
        facts.amount_per_customer(np.where(rows, money.amount, 0.0)),
        bought.active[:, -YEAR:].sum(axis=1),
    )


def _groups(facts: Facts, factors: _Factors, attribute: str, categories: int) -> list[GroupValue]:
    codes, names = facts.customers.groups(attribute)
    found = [_group(name, factors, codes == code, categories) for code, name in enumerate(names)]
    return sorted(found, key=lambda one: (-(one.value_of_customer or 0.0), one.name))


def _group(name: str, factors: _Factors, members: NDArray[np.bool_], categories: int) -> GroupValue:
    purchases, amount, months = (one[members] for one in factors)
    buyers, customers = int((purchases > 0).sum()), int(members.sum())
    order = sales = active = value = None
    if buyers:
        bought = purchases > 0
        order = float(amount.sum() / purchases.sum())
        sales = float((purchases[bought] / months[bought]).mean())
        active = float(months[bought].mean())
        value = order * sales * active
    return GroupValue(
        name=name,
        customers=customers,
        buyers=buyers,
        order_value=order,
        sales_a_month=sales,
        months_active=active,
        value=value,
        value_of_customer=value * buyers / customers if value is not None else None,
        text_order_value=float(categories),
        text_value=categories * sales * active if sales and active else None,
    )


def _customers(
    facts: Facts, factors: _Factors, attribute: str, categories: int, top: int
) -> list[CustomerValue]:
    customers, groups = facts.customers, facts.customers.groups(attribute)
    order = np.lexsort((-factors.purchases, -factors.amount))[:top]
    found = []
    for at in order.tolist():
        if purchases := int(factors.purchases[at]):
            months = int(factors.months[at])
            mean, sales = float(factors.amount[at]) / purchases, purchases / months
            found.append(
                CustomerValue(
                    source=customers.source_of(at),
                    customer=str(customers.id[at]),
                    group=groups.names[groups.codes[at]],
                    order_value=mean,
                    sales_a_month=sales,
                    months_active=months,
                    value=mean * sales * months,
                    text_value=categories * sales * months,
                )
            )
    return found
