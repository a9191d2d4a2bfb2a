"""Lifetime value by the workshop's formula, every factor of it shown.

    order value × repeat sales a month × months active

The order value is the mean amount of an order, or as the text has it, $1 times the number of
categories. What a customer buys at one moment is one order, however many events its lines are.
Repeat sales are how often somebody orders in a month in which they order at all; months active are
how many months of a year those are. All of it is looked at over the last 12 whole months: one that
has just begun is none.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.activity.months import activity
from valuebox.compartments.growth.loaded.frames import Facts, Groups, month_of
from valuebox.compartments.growth.loaded.money import Money
from valuebox.statistics.arrays import Floats

YEAR: Final = 12


class GroupValue(BaseModel):
    """What a customer of a group is worth by the formula."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Group of customers.")
    customers: int = Field(description="Customers of the group.")
    buyers: int = Field(description="Customers of the group with a purchase in these months.")
    order_value: float | None = Field(description="Mean amount of their orders, less refunds.")
    sales_a_month: float | None = Field(
        description="Orders in a month with any, on average over buyers."
    )
    months_active: float | None = Field(
        description="Months with a purchase, on average over buyers."
    )
    value: float | None = Field(
        description="Value of a buyer: `order_value` × `sales_a_month` × `months_active`."
    )
    value_of_customer: float | None = Field(
        description="`value` times the share of customers who are buyers."
    )
    text_order_value: float = Field(
        description="The workshop's order value: $1 times the number of categories."
    )
    text_value: float | None = Field(
        description="Value of a buyer with `text_order_value` instead of `order_value`."
    )


class CustomerValue(BaseModel):
    """A customer's own factors."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="Where the customer is known from.")
    customer: str = Field(description="Id of the customer within the source.")
    group: str = Field(description="Group of the customer.")
    order_value: float = Field(description="Mean amount of the customer's orders, less refunds.")
    sales_a_month: float = Field(description="Orders of the customer in a month with any.")
    months_active: int = Field(description="Months in which the customer bought.")
    value: float = Field(description="`order_value` × `sales_a_month` × `months_active`.")
    text_value: float = Field(
        description="`value` with $1 times the number of categories as the order value."
    )


class FormulaValue(BaseModel):
    """Lifetime value by formula."""

    model_config = ConfigDict(frozen=True)

    first_month: str = Field(
        description="First of the months that are looked at: the last 12 that were watched as a "
        "whole, or as many as there are."
    )
    last_month: str = Field(description="Last of the months that are looked at.")
    is_partial: bool = Field(
        description="Whether there is no whole month, so that parts of months stand for it."
    )
    categories: int = Field(description="Number of categories.")
    everybody: GroupValue = Field(description="The value of all customers together.")
    groups: list[GroupValue] = Field(
        description="Value by group, the highest value of a customer first."
    )
    customers: list[CustomerValue] = Field(
        description="The most valuable customers, the highest value first."
    )


class Factors(NamedTuple):
    """What the formula is made of, by customer, `(n_customers,)`; 0 for those who did not buy."""

    orders: NDArray[np.int64]
    amount: Floats
    months: NDArray[np.int64]
    first_month: str
    """First of the months that are looked at, such as 2013-05."""
    last_month: str
    is_partial: bool
    """Whether no month was watched as a whole."""
    categories: int
    """Number of categories that occur in the facts."""


def factors(
    facts: Facts, money: Money, until: np.datetime64, since: np.datetime64 | None = None
) -> Factors:
    """Look at the last 12 whole months.

    Args:
        facts: What happened.
        money: What events brought.
        until: When the facts end.
        since: When they begin; None where they are known from the beginning.
    """
    bought = activity(facts, money.is_purchase, until)
    end, begun = bought.complete, 0
    if since is not None and since > since.astype("datetime64[M]"):
        begun = max(0, month_of(since) + 1 - bought.first)
    is_partial = end <= begun
    if is_partial:
        end, begun = bought.active.shape[1], 0
    start = max(begun, end - YEAR)
    first, last = (np.datetime64(bought.first + month, "M") for month in (start, end))
    time = facts.events.time
    rows = (time >= first) & (time < last)
    # What went back since was bought in these months.
    paid = rows | (time >= last) & money.is_refund
    categories = facts.events.category.codes
    return Factors(
        facts.per_customer(rows & money.is_order),
        facts.amount_per_customer(np.where(paid, money.amount, 0.0)),
        bought.active[:, start:end].sum(axis=1),
        bought.name(start),
        bought.name(end - 1),
        is_partial,
        int(np.count_nonzero(np.bincount(categories[categories >= 0]))),
    )


def formula_value(facts: Facts, found: Factors, attribute: str, top: int) -> FormulaValue:
    """Value customers and their groups.

    Args:
        facts: What happened.
        found: The factors.
        attribute: Of customers, which their groups are made by.
        top: How many single customers to list.
    """
    groups = facts.customers.groups(attribute)
    return FormulaValue(
        first_month=found.first_month,
        last_month=found.last_month,
        is_partial=found.is_partial,
        categories=found.categories,
        everybody=_group("all", found, np.ones(len(facts.customers), dtype=bool)),
        groups=group_values(found, groups),
        customers=_customers(facts, found, groups, top),
    )


def group_values(found: Factors, groups: Groups) -> list[GroupValue]:
    """What the customers of each group are worth, highest value of a customer first."""
    values = [_group(name, found, groups.codes == code) for code, name in enumerate(groups.names)]
    return sorted(values, key=lambda one: (-(one.value_of_customer or 0.0), one.name))


def _group(name: str, found: Factors, members: NDArray[np.bool_]) -> GroupValue:
    orders, amount, months = (one[members] for one in found[:3])
    buyers, customers = int((orders > 0).sum()), int(members.sum())
    order = sales = active = value = None
    if buyers:
        bought = orders > 0
        order = float(amount.sum() / orders.sum())
        sales = float((orders[bought] / months[bought]).mean())
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
        text_order_value=float(found.categories),
        text_value=found.categories * sales * active if sales and active else None,
    )


def _customers(facts: Facts, found: Factors, groups: Groups, top: int) -> list[CustomerValue]:
    customers = facts.customers
    order = np.lexsort((-found.orders, -found.amount))[:top]
    listed = []
    for at in order.tolist():
        if orders := int(found.orders[at]):
            months = int(found.months[at])
            mean, sales = float(found.amount[at]) / orders, orders / months
            listed.append(
                CustomerValue(
                    source=customers.source_of(at),
                    customer=str(customers.id[at]),
                    group=groups.names[groups.codes[at]],
                    order_value=mean,
                    sales_a_month=sales,
                    months_active=months,
                    value=mean * sales * months,
                    text_value=found.categories * sales * months,
                )
            )
    return listed
