"""Lifetime value of customers without a contract: BG/NBD times Gamma-Gamma."""

from typing import Final, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import Money
from valuebox.compartments.growth.value.bgnbd import BgNbd, NoFit, fit_bgnbd
from valuebox.compartments.growth.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from valuebox.compartments.growth.value.purchases import Purchases, purchases
from valuebox.compartments.growth.value.scatter import Horizon, scatter
from valuebox.statistics.arrays import Codes, Floats, Mask
from valuebox.statistics.rates import Interval

WEEKS: Final = 52
"""Weeks that are looked ahead, where nothing else is asked for."""


class BuyerModel(NamedTuple):
    """What was learned of how buyers buy."""

    buying: BgNbd
    spending: GammaGamma | None
    """Model of amounts; None where none fits: then everybody spends `mean` on such a day."""
    mean: float
    """Mean amount of a day with a purchase."""

    def spend(self, known: Purchases) -> Floats:
        """Mean amount that each buyer is expected to spend on a day with a purchase."""
        if self.spending is None:
            return np.full(len(known), self.mean)
        expected = self.spending.expected(known)
        # Where the mean over customers is not finite, whoever has none of their own has this one.
        return np.where(np.isnan(expected), self.mean, expected)

    def value(self, known: Purchases, weeks: float, discount: float = 0.0) -> Floats:
        """What each buyer is expected to spend in the next weeks, `(n_buyers,)`.

        Args:
            known: Of buyers.
            weeks: How far ahead.
            discount: By how much less what comes in a year is worth.
        """
        horizon = Horizon(weeks, discount)
        until = np.array([self.buying.expected(known, end) for end in horizon.ends])
        days: Floats = horizon.worth @ np.diff(until, axis=0, prepend=0.0)
        return days * self.spend(known)


class Buyers(NamedTuple):
    """Purchases of buyers, and the models that were learned from them."""

    known: Purchases
    model: BuyerModel | None
    why_not: str | None
    """Why there is no model."""


class GroupFuture(BaseModel):
    """What the buyers of a group will bring."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Group of customers.")
    buyers: int = Field(description="Customers of the group who have bought.")
    alive: float = Field(
        description="How many of the buyers are expected to buy again at some time."
    )
    purchases: float = Field(
        description="Days with a purchase that are expected of all buyers of the group."
    )
    value: float = Field(
        description="What all buyers of the group are expected to bring, discounted."
    )
    value_lower: float | None = Field(
        description="Lower end of the 90 % interval of `value`, from draws of what is not known "
        "and of chance. Too narrow where `spending` is null: amounts are then taken "
        "not to vary."
    )
    value_upper: float | None = Field(description="Upper end of the 90 % interval of `value`.")
    each: float = Field(description="Expected value for each buyer.")


class CustomerFuture(BaseModel):
    """What a buyer will bring."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="Where the customer is known from.")
    customer: str = Field(description="Id of the customer within the source.")
    group: str = Field(description="Group of the customer.")
    alive: float = Field(description="Probability that they will ever buy again.")
    purchases: float = Field(description="Days with a purchase that are expected of the customer.")
    order_value: float = Field(description="Amount that is expected of a day with a purchase.")
    value: float = Field(description="`purchases` × `order_value`, discounted.")
    value_lower: float = Field(
        description="Lower end of the 90 % interval of what they will bring."
    )
    value_upper: float = Field(
        description="Upper end of the 90 % interval of what they will bring."
    )


class ProbabilisticValue(BaseModel):
    """Lifetime value by BG/NBD and Gamma-Gamma, over the next weeks."""

    model_config = ConfigDict(frozen=True)

    weeks: int = Field(description="How many weeks ahead buyers are valued.")
    buyers: int = Field(description="Customers who have bought at least once.")
    repeaters: int = Field(description="Customers who have bought on at least two days.")
    buying: BgNbd | None = Field(
        description="Parameters of BG/NBD: how often buyers buy; null where nothing could be "
        "learned."
    )
    spending: GammaGamma | None = Field(
        description="Parameters of Gamma-Gamma: how much buyers spend. Null where amounts fit no "
        "such model; then everybody spends the mean of a day, and intervals tell of "
        "the number of purchases alone: they are too narrow."
    )
    why_not: str | None = Field(description="Why `buying` is null; null where it is not.")
    discount: float = Field(
        description="By how much less money is worth that comes a year later: 0.1 is 10 %."
    )
    everybody: GroupFuture | None = Field(
        description="What all buyers together are expected to bring."
    )
    groups: list[GroupFuture] = Field(
        description="Groups of customers, the highest value of a buyer first."
    )
    customers: list[CustomerFuture] = Field(
        description="The most valuable buyers, the highest value first."
    )


def learn(known: Purchases) -> BuyerModel:
    """Learn how often buyers buy, and how much they spend.

    Raises:
        NoFit: when buying cannot be learned.
    """
    buying = fit_bgnbd(known)
    try:
        spending = fit_gamma_gamma(known)
    except NoFit:
        spending = None
    return BuyerModel(buying, spending, known.mean)


def buyers(facts: Facts, money: Money, until: np.datetime64) -> Buyers:
    """Learn the models that purchases before `until` allow."""
    known = purchases(facts, money, until)
    try:
        return Buyers(known, learn(known), None)
    except NoFit as error:
        return Buyers(known, None, str(error))


def future(
    facts: Facts,
    those: Buyers,
    attribute: str,
    weeks: int,
    top: int,
    discount: float = 0.0,
    listed: Codes | None = None,
) -> ProbabilisticValue:
    """Value every buyer over the next weeks.

    Args:
        facts: What happened.
        those: What was learned of the buyers among them.
        attribute: Of customers, which their groups are made by.
        weeks: How far ahead.
        top: How many single customers to list.
        discount: By how much less what comes in a year is worth: 0.1 is 10 %.
        listed: Positions of the buyers to list, instead of those of most value.
    """
    known, model, why_not = those
    told = ProbabilisticValue(
        weeks=weeks,
        buyers=len(known),
        repeaters=int((known.repeats > 0).sum()),
        buying=model.buying if model else None,
        spending=model.spending if model else None,
        why_not=why_not,
        discount=discount,
        everybody=None,
        groups=[],
        customers=[],
    )
    if model is None:
        return told
    codes, names = facts.customers.groups(attribute)
    mine = codes[known.customer]
    value = model.value(known, weeks, discount)
    best = np.argsort(-value, kind="stable")[:top] if listed is None else listed
    found = scatter(
        model.buying, model.spending, model.mean, known, value, mine, len(names), best,
        Horizon(weeks, discount),
    )  # fmt: skip
    futures = _Futures(
        model.buying.alive(known), model.buying.expected(known, weeks), value, model.spend(known)
    )
    groups = [
        _group(name, futures, mine == code, found.groups[code]) for code, name in enumerate(names)
    ]
    return told.model_copy(
        update={
            "everybody": _group("all", futures, np.ones(len(known), dtype=bool), found.everybody),
            "groups": sorted(
                (one for one in groups if one.buyers), key=lambda one: (-one.each, one.name)
            ),
            "customers": [
                CustomerFuture(
                    **facts.customers.named(int(known.customer[at])),
                    group=names[mine[at]],
                    alive=float(futures.alive[at]),
                    purchases=float(futures.days[at]),
                    order_value=float(futures.spend[at]),
                    value=float(value[at]),
                    value_lower=found.customers[at][0],
                    value_upper=found.customers[at][1],
                )
                for at in best.tolist()
            ],
        }
    )


class _Futures(NamedTuple):
    """What is expected of each buyer, `(n_buyers,)`."""

    alive: Floats
    days: Floats
    value: Floats
    spend: Floats


def _group(name: str, futures: _Futures, inside: Mask, interval: Interval | None) -> GroupFuture:
    buyers, value = int(inside.sum()), float(futures.value[inside].sum())
    lower, upper = interval or (None, None)
    return GroupFuture(
        name=name,
        buyers=buyers,
        alive=float(futures.alive[inside].sum()),
        purchases=float(futures.days[inside].sum()),
        value=value,
        value_lower=lower,
        value_upper=upper,
        each=value / buyers if buyers else 0.0,
    )
