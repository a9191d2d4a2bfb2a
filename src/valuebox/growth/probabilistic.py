"""Lifetime value of customers without a contract: BG/NBD times Gamma-Gamma."""

from typing import Final, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.growth.bgnbd import BgNbd, NoFit, fit_bgnbd
from valuebox.growth.columns import Facts, Floats, summed
from valuebox.growth.gamma_gamma import GammaGamma, fit_gamma_gamma
from valuebox.growth.money import Money
from valuebox.growth.purchases import Purchases, purchases

WEEKS: Final = 52
"""How far ahead, where nothing else is asked for."""


class BuyerModel(NamedTuple):
    """What was learned of how buyers buy."""

    buying: BgNbd
    spending: GammaGamma | None
    """None where amounts fit no such model: then everybody spends `mean` on such a day."""
    mean: float
    """Mean amount of a day with a purchase."""

    def spend(self, known: Purchases) -> Floats:
        """Mean amount that each buyer is expected to spend on a day with a purchase."""
        if self.spending is None:
            return np.full(len(known), self.mean)
        expected = self.spending.expected(known)
        # Where the mean over customers is not finite, whoever has none of their own has this one.
        return np.where(np.isnan(expected), self.mean, expected)

    def value(self, known: Purchases, weeks: float) -> Floats:
        """What each buyer is expected to spend in the next weeks, `(n_buyers,)`."""
        return self.buying.expected(known, weeks) * self.spend(known)


class Buyers(NamedTuple):
    """What is known of buyers, and what was learned of it."""

    known: Purchases
    model: BuyerModel | None
    why_not: str | None
    """Why there is no model."""


class GroupFuture(BaseModel):
    """What the buyers of a group will bring."""

    model_config = ConfigDict(frozen=True)

    name: str
    buyers: int
    alive: float = Field(description="How many of them are expected to be alive.")
    purchases: float = Field(description="Days with a purchase that are expected in all.")
    value: float = Field(description="Expected in all.")
    each: float = Field(description="Expected value for each buyer.")


class CustomerFuture(BaseModel):
    """What a buyer will bring."""

    model_config = ConfigDict(frozen=True)

    source: str
    customer: str
    group: str
    alive: float = Field(description="Probability that they will ever buy again.")
    purchases: float = Field(description="Days with a purchase that are expected.")
    order_value: float = Field(description="Expected amount of such a day.")
    value: float = Field(description="Product of the two.")


class ProbabilisticValue(BaseModel):
    """Lifetime value by BG/NBD and Gamma-Gamma, over the next weeks."""

    model_config = ConfigDict(frozen=True)

    weeks: int
    buyers: int = Field(description="Customers who have bought at least once.")
    repeaters: int = Field(description="Of those, who have on a second day.")
    buying: BgNbd | None = Field(description="Null where nothing could be learned.")
    spending: GammaGamma | None = Field(
        description="Null where amounts fit no such model; then everybody spends the mean of a day."
    )
    why_not: str | None = Field(description="Why `buying` is null.")
    groups: list[GroupFuture] = Field(description="Highest value of a buyer first.")
    customers: list[CustomerFuture] = Field(description="Highest value first.")


def learn(known: Purchases) -> BuyerModel:
    """Both models.

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
    """Look at what was bought before `until`, and learn of it what can be learned."""
    known = purchases(facts, money, until)
    try:
        return Buyers(known, learn(known), None)
    except NoFit as error:
        return Buyers(known, None, str(error))


def probabilistic_value(
    facts: Facts, money: Money, attribute: str, until: np.datetime64, weeks: int, top: int
) -> ProbabilisticValue:
    """Value every buyer over the next weeks, by what was bought before `until`; see `future`."""
    return future(facts, buyers(facts, money, until), attribute, weeks, top)


def future(facts: Facts, those: Buyers, attribute: str, weeks: int, top: int) -> ProbabilisticValue:
    """Value every buyer over the next weeks.

    Args:
        facts: What happened.
        those: What was learned of the buyers among them.
        attribute: Of customers, which their groups are made by.
        weeks: How far ahead.
        top: How many single customers to list.
    """
    known, model, why_not = those
    return ProbabilisticValue(
        weeks=weeks,
        buyers=len(known),
        repeaters=int((known.repeats > 0).sum()),
        buying=model.buying if model else None,
        spending=model.spending if model else None,
        why_not=why_not,
        groups=_groups(facts, model, known, attribute, weeks) if model else [],
        customers=_customers(facts, model, known, attribute, weeks, top) if model else [],
    )


def _groups(
    facts: Facts, model: BuyerModel, known: Purchases, attribute: str, weeks: int
) -> list[GroupFuture]:
    codes, names = facts.customers.groups(attribute)
    mine = codes[known.customer]
    alive, again = model.buying.alive(known), model.buying.expected(known, weeks)
    sums = [
        summed(mine, values, len(names))
        for values in (np.ones(len(known)), alive, again, again * model.spend(known))
    ]
    found = [
        GroupFuture(
            name=name, buyers=int(buyers), alive=living, purchases=bought, value=value,
            each=value / buyers,
        )
        for name, buyers, living, bought, value in zip(
            names, *(one.tolist() for one in sums), strict=True
        )
        if buyers
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.each, one.name))


def _customers(
    facts: Facts, model: BuyerModel, known: Purchases, attribute: str, weeks: int, top: int
) -> list[CustomerFuture]:
    customers, groups = facts.customers, facts.customers.groups(attribute)
    alive, again = model.buying.alive(known), model.buying.expected(known, weeks)
    spend = model.spend(known)
    best = np.argsort(-again * spend, kind="stable")[:top]
    return [
        CustomerFuture(
            source=customers.source_of(known.customer[at]),
            customer=str(customers.id[known.customer[at]]),
            group=groups.names[groups.codes[known.customer[at]]],
            alive=float(alive[at]),
            purchases=float(again[at]),
            order_value=float(spend[at]),
            value=float(again[at] * spend[at]),
        )
        for at in best.tolist()
    ]
