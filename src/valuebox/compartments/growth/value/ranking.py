"""Whom to ask: buyers by what they will bring, or by what is lost with them, with the reasons."""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import Money
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.growth.value.bgnbd import NoFit
from valuebox.compartments.growth.value.probabilistic import Buyers, future
from valuebox.compartments.growth.value.purchases import WEEK
from valuebox.compartments.growth.value.rfm import NAMES, scores

By = Literal["value", "loss"]
MOST_RANKED = 20_000


class Ranked(BaseModel):
    """A buyer, and why they are where they are."""

    model_config = ConfigDict(frozen=True)

    rank: int = Field(description="Place in the list; 1 is whom to ask first.")
    source: str = Field(description="Where the customer is known from.")
    customer: str = Field(description="Id of the customer within the source.")
    group: str = Field(description="Group of the customer.")
    value: float = Field(description="What they are expected to bring in the next weeks.")
    value_lower: float = Field(description="Lower end of the 90 % interval of `value`.")
    value_upper: float = Field(description="Upper end of the 90 % interval of `value`.")
    left: float = Field(description="Probability that they have left for good.")
    days: float = Field(description="Days since their last purchase.")
    purchase_days: int = Field(description="Days on which they have bought.")
    spent: float = Field(description="What they have brought, less refunds.")
    segment: str = Field(description="Their segment by recency and frequency.")
    reason: str = Field(description="Why the customer is in this place, in words.")


def ranked(
    facts: Facts,
    money: Money,
    those: Buyers,
    question: GrowthQuestion,
    until: np.datetime64,
    by: By,
    most: int,
) -> list[Ranked]:
    """Buyers, whom to ask first first.

    Args:
        facts: What happened.
        money: What events brought.
        those: What was learned of buyers.
        question: Whose weeks, discount and groups are taken.
        until: When the facts end.
        by: `value`: what they will bring; `loss`: what they have brought times the probability
            that they have left, so that those to win back come first.
        most: How many, at most 20,000.

    Raises:
        NoFit: when nothing could be learned of buying.
    """
    known, model, why_not = those
    if model is None:
        raise NoFit(why_not or "nothing could be learned of buying")
    scored = scores(facts, money, known, until)
    left, segment = 1 - model.buying.alive(known), scored.segment
    key = model.value(known, question.weeks, question.discount)
    if by == "loss":
        key = left * scored.spent
    chosen = np.argsort(-key, kind="stable")[:most]
    told = future(
        facts, those, question.attribute, question.weeks, 0, question.discount, listed=chosen
    )
    return [
        Ranked(
            rank=rank,
            **one.model_dump(
                include={"source", "customer", "group", "value", "value_lower", "value_upper"}
            ),
            left=float(left[at]),
            days=float((known.observed[at] - known.last[at]) * WEEK),
            purchase_days=int(known.days[at]),
            spent=float(scored.spent[at]),
            segment=NAMES[segment[at]],
            reason=_reason(float(left[at]), NAMES[segment[at]], int(known.days[at]), by),
        )
        for rank, (at, one) in enumerate(zip(chosen.tolist(), told.customers, strict=True), 1)
    ]


def _reason(left: float, segment: str, days: int, by: By) -> str:
    bought = "bought on a single day" if days == 1 else f"bought on {days:,} days"
    chance = f"has left with probability {left:.0%}"
    return f"{segment}: {bought}, {chance}" if by == "value" else f"{chance}: {bought}, {segment}"
