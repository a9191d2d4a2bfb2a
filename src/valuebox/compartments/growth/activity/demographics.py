"""Which kind of customer brings most, whatever they are told apart by."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.frames import Facts, Groups
from valuebox.compartments.growth.loaded.money import Money
from valuebox.compartments.growth.value.formula import Factors, group_values
from valuebox.schemas.names import UNKNOWN
from valuebox.statistics.shuffling import FEWEST
from valuebox.statistics.subsampling import MeanTails


class Demographic(BaseModel):
    """Customers with one value of one attribute."""

    model_config = ConfigDict(frozen=True)

    attribute: str = Field(description="Name of the attribute, such as `campaign`.")
    name: str = Field(description="Value of the attribute that these customers share.")
    customers: int = Field(description="Customers with this value.")
    buyers: int = Field(description="Customers with this value who have bought.")
    profit: float = Field(description="Profit that these customers have brought.")
    each: float = Field(description="Profit for each customer, buyer or not.")
    each_lower: float | None = Field(description="Lower end of the 90 % interval of `each`.")
    each_upper: float | None = Field(description="Upper end of the 90 % interval of `each`.")
    no_interval: str | None = Field(
        description="Why `each` has no interval; null where it has one."
    )
    formula: float | None = Field(description="Lifetime value of a customer by the formula.")


def demographics(
    facts: Facts, money: Money, factors: Factors, tails: MeanTails | None = None
) -> list[Demographic]:
    """Customers by every value of every attribute, most profit a customer first.

    Args:
        facts: What happened.
        money: What events brought.
        factors: Of the formula.
        tails: What is known of how far means are off, by what each customer brought; None to
            learn it.

    Returns:
        Groups of at least 20 customers; of customers who lack an attribute nothing is said.
    """
    brought = facts.amount_per_customer(money.amount)
    tails = tails or MeanTails(brought)
    bought = facts.per_customer(money.is_purchase) > 0
    found = []
    for attribute in facts.customers.attributes:
        groups = facts.customers.groups(attribute)
        values = {one.name: one.value_of_customer for one in group_values(factors, groups)}
        sums, squares = groups.sums(brought), groups.sums(brought**2)
        buyers, customers = groups.counts(bought), groups.counts()
        backed = groups.counts(brought != 0)
        for code in np.flatnonzero(customers >= FEWEST).tolist():
            if _says_something(groups, code):
                n = int(customers[code])
                sure = tails.interval(float(sums[code]), float(squares[code]), n, int(backed[code]))
                found.append(
                    Demographic(
                        attribute=attribute,
                        name=groups.names[code],
                        customers=n,
                        buyers=int(buyers[code]),
                        profit=float(sums[code]),
                        each=float(sums[code] / n),
                        each_lower=sure.low,
                        each_upper=sure.high,
                        no_interval=sure.why_not,
                        formula=values[groups.names[code]],
                    )
                )
    return sorted(found, key=lambda one: (-one.each, one.attribute, one.name))


def _says_something(groups: Groups, code: int) -> bool:
    return groups.names[code] != UNKNOWN and len(groups.names) > 1
