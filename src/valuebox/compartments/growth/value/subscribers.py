"""How many subscribers have cancelled, and who is likely to next."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.activity.counts import NotEnough
from valuebox.compartments.growth.loaded.frames import Facts, Groups
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.growth.value.bgnbd import NoFit
from valuebox.compartments.growth.value.sbg import ShiftedBetaGeometric, fit_sbg
from valuebox.compartments.growth.value.subscriptions import Subscriptions, subscriptions
from valuebox.statistics.arrays import Floats, Mask
from valuebox.statistics.rates import wilson

_FEWEST: Final = 30
"""Cancellations of a group from which it has parameters of its own."""
_LISTED: Final = 12
"""Periods whose survival is told."""

Periods = NDArray[np.int64]


class GroupSubscribers(BaseModel):
    """Subscriptions of a group: how many have ended, and how many of the others soon will."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Group of customers.")
    subscriptions: int = Field(
        description="Number of subscriptions; a customer who came back counts again."
    )
    cancelled: int = Field(description="Number of subscriptions that were cancelled.")
    share: float = Field(description="`cancelled` as a share of `subscriptions`.")
    share_lower: float = Field(description="Lower end of the 90 % interval of `share`.")
    share_upper: float = Field(description="Upper end of the 90 % interval of `share`.")
    model: ShiftedBetaGeometric = Field(
        description="Parameters of the shifted beta-geometric model of this group; of all "
        "subscriptions where the group is small."
    )
    own_model: bool = Field(description="Whether `model` was learned from this group alone.")
    survival: list[float] = Field(
        description="Share of new subscribers who are expected to be there after 0, 1, 2, … "
        "periods, up to 12."
    )
    leaving: float = Field(
        description="How many of the present subscribers are expected to cancel in the next period."
    )
    leaving_share: float | None = Field(
        description="`leaving` as a share of the present subscribers."
    )


class SubscriberLeaving(BaseModel):
    """A subscriber who is likely to cancel."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="Where the customer is known from.")
    customer: str = Field(description="Id of the customer within the source.")
    group: str = Field(description="Group of the customer.")
    periods: int = Field(description="Whole periods that the customer has been a subscriber.")
    leaving: float = Field(description="Probability that the customer cancels in the next period.")


class SubscribersLeft(BaseModel):
    """Subscribers by the shifted beta-geometric model."""

    model_config = ConfigDict(frozen=True)

    days: int = Field(
        description="Days after which a subscription is renewed: the length of a period."
    )
    everybody: GroupSubscribers = Field(description="All subscriptions together.")
    groups: list[GroupSubscribers] = Field(
        description="Groups of customers, the highest `leaving_share` first."
    )
    customers: list[SubscriberLeaving] = Field(
        description="Subscribers who are likeliest to cancel, the likeliest first."
    )


def subscribers_left(
    facts: Facts, question: GrowthQuestion, ends: str, until: np.datetime64
) -> SubscribersLeft:
    """How many subscribers have cancelled, and who is likely to next.

    Args:
        facts: What happened.
        question: With what a subscription begins, how long its periods are, and what is listed.
        ends: The type of event with which a subscription ends.
        until: When the facts end.

    Raises:
        NotEnough: when nobody has subscribed.
        NoFit: when nothing can be learned of all together.
    """
    days = question.renewal_days
    those = subscriptions(facts, question.subscription, ends, until)
    if not len(those):
        raise NotEnough("nobody has subscribed")
    periods, cancelled = those.periods(until, days), those.cancelled
    # Of a period that is not over yet one sees who has cancelled, but not who will have stayed.
    judged = cancelled & (periods < those.watched(until, days))
    general = fit_sbg(periods, judged)
    groups = facts.customers.groups(question.attribute)
    mine = groups.codes[those.customer]
    chance = np.zeros(len(those))
    found = []
    for code, name in enumerate(groups.names):
        inside = mine == code
        if inside.any():
            model = _own(periods[inside], judged[inside])
            one = model or general
            chance[inside] = one.leaving(periods[inside].astype(np.float64))
            found.append(_group(name, one, model is not None, cancelled[inside], chance[inside]))
    everybody = _group("all", general, True, cancelled, general.leaving(periods.astype(np.float64)))
    return SubscribersLeft(
        days=days,
        everybody=everybody,
        groups=sorted(found, key=lambda one: (-(one.leaving_share or 0.0), one.name)),
        customers=_likely(facts, groups, those, periods, chance, question.top),
    )


def _own(periods: Periods, cancelled: Mask) -> ShiftedBetaGeometric | None:
    if cancelled.sum() < _FEWEST:
        return None
    try:
        return fit_sbg(periods, cancelled)
    except NoFit:
        return None


def _group(
    name: str, model: ShiftedBetaGeometric, is_own: bool, cancelled: Mask, chance: Floats
) -> GroupSubscribers:
    gone, here = int(cancelled.sum()), int((~cancelled).sum())
    low, high = wilson(gone, len(cancelled))
    leaving = float(chance[~cancelled].sum())
    return GroupSubscribers(
        name=name, subscriptions=len(cancelled), cancelled=gone, share=gone / len(cancelled),
        share_lower=low, share_upper=high, model=model, own_model=is_own,
        survival=model.survival(np.arange(_LISTED + 1.0)).tolist(),
        leaving=leaving, leaving_share=leaving / here if here else None,
    )  # fmt: skip


def _likely(
    facts: Facts,
    groups: Groups,
    those: Subscriptions,
    periods: Periods,
    chance: Floats,
    top: int,
) -> list[SubscriberLeaving]:
    here = np.flatnonzero(~those.cancelled)
    order = here[np.argsort(-chance[here], kind="stable")[:top]]
    return [
        SubscriberLeaving(
            **facts.customers.named(int(those.customer[at])),
            group=groups.names[groups.codes[those.customer[at]]],
            periods=int(periods[at]),
            leaving=float(chance[at]),
        )
        for at in order.tolist()
    ]
