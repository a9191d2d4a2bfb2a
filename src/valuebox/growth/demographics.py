"""Which kind of customer brings most, whatever they are told apart by."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.growth.columns import Facts, Groups
from valuebox.growth.dealing import FEWEST
from valuebox.growth.formula import Factors, group_values
from valuebox.growth.means import mean_interval
from valuebox.growth.money import Money
from valuebox.names import UNKNOWN


class Demographic(BaseModel):
    """Customers with one value of one attribute."""

    model_config = ConfigDict(frozen=True)

    attribute: str
    name: str
    customers: int
    buyers: int
    profit: float
    each: float = Field(description="Profit for each customer, buyer or not.")
    each_lower: float = Field(description="Lower end of its 90 % interval.")
    each_upper: float
    formula: float | None = Field(description="Lifetime value of a customer by the formula.")


def demographics(facts: Facts, money: Money, factors: Factors) -> list[Demographic]:
    """Customers by every value of every attribute, most profit a customer first.

    Args:
        facts: What happened.
        money: What events brought.
        factors: Of the formula.

    Returns:
        Groups of at least 20 customers; of customers who lack an attribute nothing is said.
    """
    brought = facts.amount_per_customer(money.amount)
    bought = facts.per_customer(money.is_purchase) > 0
    found = []
    for attribute in facts.customers.attributes:
        groups = facts.customers.groups(attribute)
        values = {one.name: one.value_of_customer for one in group_values(factors, groups)}
        sums, squares = groups.sums(brought), groups.sums(brought**2)
        buyers, customers = groups.counts(bought), groups.counts()
        for code in np.flatnonzero(customers >= FEWEST).tolist():
            if _says_something(groups, code):
                n = int(customers[code])
                low, high = mean_interval(float(sums[code]), float(squares[code]), n)
                found.append(
                    Demographic(
                        attribute=attribute,
                        name=groups.names[code],
                        customers=n,
                        buyers=int(buyers[code]),
                        profit=float(sums[code]),
                        each=float(sums[code] / n),
                        each_lower=low,
                        each_upper=high,
                        formula=values[groups.names[code]],
                    )
                )
    return sorted(found, key=lambda one: (-one.each, one.attribute, one.name))


def _says_something(groups: Groups, code: int) -> bool:
    return groups.names[code] != UNKNOWN and len(groups.names) > 1
