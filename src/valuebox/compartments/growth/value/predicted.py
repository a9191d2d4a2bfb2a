"""Predictions of lifetime value beside what customers brought, where users match."""

from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import Money


class GroupPrediction(BaseModel):
    """Customers of a group who have a prediction."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Group of customers.")
    customers: int = Field(description="Customers of the group.")
    matched: int = Field(description="Customers of the group for whom there is a prediction.")
    predicted: float | None = Field(description="Mean prediction of the matched customers.")
    brought: float | None = Field(description="Mean profit of the matched customers so far.")


class Predicted(BaseModel):
    """The latest predictions of the `ltv` compartment, joined by user id."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(
        description="The source whose customers are users of the `ltv` compartment."
    )
    customers: int = Field(description="Customers of this source.")
    matched: int = Field(description="Customers of this source for whom there is a prediction.")
    groups: list[GroupPrediction] = Field(
        description="Groups of customers, the highest mean prediction first."
    )


def predicted(
    facts: Facts, money: Money, attribute: str, source: str, predictions: Mapping[int, float]
) -> Predicted:
    """Join predictions with customers.

    Ids of different sources may be the same and mean different people: only the customers of
    one source are taken for users of the `ltv` compartment.

    Args:
        facts: What happened.
        money: What events brought.
        attribute: Of customers, which their groups are made by.
        source: Whose customers have the ids of users.
        predictions: By user id.
    """
    customers = facts.customers
    there = customers.source.have(source)
    by_text = {str(user_id): value for user_id, value in predictions.items()}
    values = np.full(len(customers), np.nan)
    own = np.flatnonzero(there)
    values[own] = [by_text.get(customer, np.nan) for customer in customers.id[own].tolist()]
    brought = facts.amount_per_customer(money.amount)
    codes, names = customers.groups(attribute)
    found = []
    for code, name in enumerate(names):
        members = there & (codes == code)
        known = members & ~np.isnan(values)
        if members.any():
            found.append(
                GroupPrediction(
                    name=name,
                    customers=int(members.sum()),
                    matched=int(known.sum()),
                    predicted=float(values[known].mean()) if known.any() else None,
                    brought=float(brought[known].mean()) if known.any() else None,
                )
            )
    found.sort(key=lambda one: (-(one.predicted or 0.0), one.name))
    return Predicted(
        source=source,
        customers=int(there.sum()),
        matched=int((~np.isnan(values)).sum()),
        groups=found,
    )
