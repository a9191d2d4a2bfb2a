"""Who has probably left: buyers, who never say so, and subscribers, who do."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.activity.counts import NotEnough
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import Money
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.growth.value.bgnbd import BgNbd, NoFit
from valuebox.compartments.growth.value.probabilistic import Buyers
from valuebox.compartments.growth.value.purchases import WEEK, Purchases
from valuebox.compartments.growth.value.subscribers import SubscribersLeft, subscribers_left


class GroupLeft(BaseModel):
    """How many buyers of a group have probably left."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Group of customers.")
    buyers: int = Field(description="Customers of the group who have ever bought.")
    once: int = Field(description="Buyers on a single day: the model takes them to be still there.")
    left: float = Field(description="How many of the buyers are expected to have left for good.")
    share: float = Field(description="`left` as a share of `buyers`.")


class CustomerLeft(BaseModel):
    """A buyer of whom much is lost if they have left."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="Where the customer is known from.")
    customer: str = Field(description="Id of the customer within the source.")
    group: str = Field(description="Group of the customer.")
    left: float = Field(description="Probability that they will never buy again.")
    days: float = Field(description="Days since their last purchase.")
    purchase_days: int = Field(description="Days on which they have bought.")
    spent: float = Field(description="What they have brought, less refunds.")


class BuyersLeft(BaseModel):
    """Buyers by the probability of having left, by BG/NBD."""

    model_config = ConfigDict(frozen=True)

    groups: list[GroupLeft] = Field(
        description="Groups of customers, the highest share of buyers who have left first."
    )
    customers: list[CustomerLeft] = Field(
        description="Buyers by the probability that they have left times what they have spent, "
        "highest first."
    )


class Leaving(BaseModel):
    """Who has probably left, or soon will."""

    model_config = ConfigDict(frozen=True)

    buyers: BuyersLeft | None = Field(
        description="Buyers who have probably left; null where buying tells nothing of leaving."
    )
    subscribers: SubscribersLeft | None = Field(
        description="Subscribers who have cancelled or probably will; null where no `cancellation` "
        "was asked for, or nothing can be learned of it."
    )
    why_not: dict[str, str] = Field(description="Why `buyers` or `subscribers` is null.")


def leaving(
    facts: Facts, money: Money, those: Buyers, question: GrowthQuestion, until: np.datetime64
) -> Leaving:
    """Buyers and subscribers who have probably left, as far as either can be told.

    Args:
        facts: What happened.
        money: What events brought.
        those: What was learned of buyers.
        question: What is asked.
        until: When the facts end.
    """
    why_not: dict[str, str] = {}
    bought = None
    if those.model is None:
        why_not["buyers"] = those.why_not or ""
    else:
        bought = buyers_left(
            facts, money, those.model.buying, those.known, question.attribute, question.top
        )
    subscribed = None
    if question.cancellation is None:
        why_not["subscribers"] = "no type of event was named with which a subscription ends"
    else:
        try:
            subscribed = subscribers_left(facts, question, question.cancellation, until)
        except (NotEnough, NoFit) as error:
            why_not["subscribers"] = str(error)
    return Leaving(buyers=bought, subscribers=subscribed, why_not=why_not)


def buyers_left(
    facts: Facts, money: Money, model: BgNbd, known: Purchases, attribute: str, top: int
) -> BuyersLeft:
    """How likely buyers have left for good, by group and one by one.

    Args:
        facts: What happened.
        money: What events brought.
        model: How these buyers buy.
        known: What is known of their buying.
        attribute: Of customers, which their groups are made by.
        top: How many single customers to list.
    """
    groups = facts.customers.groups(attribute)
    mine, left = groups.codes[known.customer], 1 - model.alive(known)
    spent = facts.amount_per_customer(money.revenue)[known.customer]
    found = []
    for code, name in enumerate(groups.names):
        inside = mine == code
        if inside.any():
            once = inside & (known.repeats == 0)
            found.append(
                GroupLeft(
                    name=name, buyers=int(inside.sum()), once=int(once.sum()),
                    left=float(left[inside].sum()), share=float(left[inside].mean()),
                )
            )  # fmt: skip
    lost = left * spent
    order = np.argsort(-lost, kind="stable")[:top]
    return BuyersLeft(
        groups=sorted(found, key=lambda one: (-one.share, one.name)),
        customers=[
            CustomerLeft(
                **facts.customers.named(int(known.customer[at])),
                group=groups.names[mine[at]],
                left=float(left[at]),
                days=float((known.observed[at] - known.last[at]) * WEEK),
                purchase_days=int(known.repeats[at]) + 1,
                spent=float(spent[at]),
            )
            for at in order.tolist()
            if lost[at] > 0
        ],
    )
