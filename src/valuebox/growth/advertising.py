"""Where to put the advertising money, and what speaks for it."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.growth import means
from valuebox.growth.columns import Facts, Floats
from valuebox.growth.holm import holm
from valuebox.growth.lift import SIGNIFICANT
from valuebox.growth.money import Money
from valuebox.names import UNKNOWN, meant

_DRAWS: Final = 4_000
_LISTED: Final = 2_000
"""Customers with money up to whom a mean is drawn from them; with more it is normal."""

_LIKELY: Final = 0.5


class Campaign(BaseModel):
    """What a campaign brought, and what it would be given."""

    model_config = ConfigDict(frozen=True)

    name: str
    customers: int
    profit: float
    spend: float | None = Field(description="What it cost, where that was told.")
    net: float | None = Field(description="`profit` minus `spend`.")
    cost_of_customer: float | None = Field(description="`spend` for each customer.")
    worth: float = Field(description="Profit for each customer, or each unit of `spend`.")
    worth_lower: float | None = Field(description="Lower end of its 90 % interval.")
    worth_upper: float | None
    best: float = Field(description="Probability that its `worth` is the highest.")
    p_adjusted: float | None = Field(
        description="Of its `worth` being that of all others together, among all campaigns (Holm)."
    )
    is_different: bool = Field(description="Whether `p_adjusted` is at most 0.05.")


class Advertising(BaseModel):
    """Campaigns, the most worth first; `best` is the share of the budget that each is to get.

    To give each as much as it is likely to be the best loses least while it is not known which
    one is (Thompson, 1933).
    """

    model_config = ConfigDict(frozen=True)

    by: str = Field(description="`customer`, or `spend` where it is known of all campaigns.")
    is_clear: bool = Field(description="Whether any campaign differs for real from the others.")
    advice: str = Field(description="The same in a sentence.")
    campaigns: list[Campaign]


def advertising(
    facts: Facts, money: Money, attribute: str, spend: Mapping[str, float], seed: int = 0
) -> Advertising:
    """Compare campaigns by what a customer, or a unit of spend, brought.

    Args:
        facts: What happened.
        money: What events brought.
        attribute: Of customers, which names their campaign.
        spend: What campaigns cost, in the currency of the amounts.
        seed: Of all that is drawn.
    """
    rng = np.random.default_rng(seed)
    codes, names = facts.customers.groups(attribute)
    spend = {meant(name, names): amount for name, amount in spend.items()}
    brought = facts.amount_per_customer(money.amount)
    chosen = [(code, name) for code, name in enumerate(names) if name != UNKNOWN]
    by_spend = bool(chosen) and all(spend.get(name, 0.0) > 0 for _, name in chosen)
    values = [brought[codes == code] for code, _ in chosen]
    # A customer's worth in units of what customers of the campaign cost.
    scales = [
        len(one) / spend[name] if by_spend else 1.0
        for one, (_, name) in zip(values, chosen, strict=True)
    ]
    worth = [one * scale for one, scale in zip(values, scales, strict=True)]
    draws = np.array([_means(one, rng) for one in worth])
    leads = draws == draws.max(axis=0) if chosen else np.zeros((0, 1), dtype=bool)
    # Campaigns that brought nothing lead together.
    best = (leads / np.maximum(leads.sum(axis=0), 1)).mean(axis=1)
    tests = holm([_against_others(worth, at) for at in range(len(worth))]) if len(worth) > 1 else []
    found = []
    for at, (_, name) in enumerate(chosen):
        n, profit, cost = len(worth[at]), float(values[at].sum()), spend.get(name)
        total, squares = float(worth[at].sum()), float((worth[at] ** 2).sum())
        low, high = means.mean_interval(total, squares, n) if n > 1 else (None, None)
        p = tests[at] if tests else None
        found.append(
            Campaign(
                name=name, customers=n, profit=profit, spend=cost,
                net=None if cost is None else profit - cost,
                cost_of_customer=None if cost is None else cost / n,
                worth=total / n, worth_lower=low, worth_upper=high, best=float(best[at]),
                p_adjusted=p, is_different=p is not None and p <= SIGNIFICANT,
            )
        )  # fmt: skip
    found.sort(key=lambda one: (-one.worth, one.name))
    is_clear = any(one.is_different for one in found)
    by = "spend" if by_spend else "customer"
    return Advertising(
        by=by, is_clear=is_clear, advice=_advice(found, by, is_clear), campaigns=found
    )


def _means(values: Floats, rng: np.random.Generator) -> Floats:
    """Means that the customers could have had: the Bayesian bootstrap (Rubin, 1981)."""
    listed = values[values != 0]
    if len(listed) > _LISTED:
        deviation = values.std() / np.sqrt(len(values))
        drawn: Floats = rng.normal(values.mean(), deviation, _DRAWS)
        return drawn
    weights = rng.standard_gamma(1.0, (_DRAWS, len(listed)))
    nothing = rng.standard_gamma(len(values) - len(listed), _DRAWS)
    summed: Floats = weights @ listed / (weights.sum(axis=1) + nothing)
    return summed


def _against_others(worth: list[Floats], at: int) -> float:
    mine = worth[at]
    others = np.concatenate([one for place, one in enumerate(worth) if place != at])
    both = means.Amounts(
        (len(others), len(mine)), (others[others != 0], mine[mine != 0]), np.zeros((0, 2))
    )
    return means.p_value(both)


def _advice(found: list[Campaign], by: str, is_clear: bool) -> str:
    if len(found) < 2:
        return "There are no two campaigns to choose between."
    first, unit = found[0], "unit of spend" if by == "spend" else "customer"
    # One of several good ones is above the mean of all, too, without being the best.
    if first.is_different and first.best > _LIKELY:
        return (
            f"Put more on {first.name}: {first.worth:,.2f} a {unit}, more than the others beyond "
            f"chance; it is the best with probability {first.best:.0%}."
        )
    last = found[-1]
    if is_clear and last.is_different:
        return (
            f"Put less on {last.name}: {last.worth:,.2f} a {unit}, less than the others beyond "
            "chance."
        )
    return (
        f"No campaign differs from the others beyond chance, per {unit}: {first.name} leads with "
        f"{first.worth:,.2f}, and is the best with probability {first.best:.0%}. Keep spreading."
    )
