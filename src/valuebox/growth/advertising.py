"""Where to put the advertising money, and what speaks for it."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.growth import means
from valuebox.growth.amounts import Amounts
from valuebox.growth.best import best
from valuebox.growth.claims import SIGNIFICANT, adjusted
from valuebox.growth.columns import Facts, Floats
from valuebox.growth.dealing import FEWEST
from valuebox.growth.money import Money
from valuebox.names import UNKNOWN, meant

_ALONE: Final = "there is no other campaign to compare with"
_TOO_FEW: Final = f"fewer than {FEWEST} customers"
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
    best: float | None = Field(
        description="Probability that its `worth` is the highest; null with fewer than 20 "
        "customers."
    )
    p_adjusted: float | None = Field(
        description="Of its `worth` being that of all others of at least 20 customers together, "
        "among all campaigns (Holm), in their share of the errors that a report may make; null "
        "where it was not tested."
    )
    is_different: bool = Field(description="Whether `p_adjusted` is at most 0.05.")
    no_test: str | None = Field(description="Why `p_adjusted` is null.")


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
    facts: Facts,
    money: Money,
    attribute: str,
    spend: Mapping[str, float],
    seed: int = 0,
    share: float = 1.0,
) -> Advertising:
    """Compare campaigns by what a customer, or a unit of spend, brought.

    Campaigns of fewer than 20 customers are listed, and nothing is concluded from them.

    Args:
        facts: What happened.
        money: What events brought.
        attribute: Of customers, which names their campaign.
        spend: What campaigns cost, in the currency of the amounts.
        seed: Of all that is drawn.
        share: Of the errors that a report may make.
    """
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
    judged = [at for at, one in enumerate(values) if len(one) >= FEWEST]
    likely = best([values[at] for at in judged], [scales[at] for at in judged], seed)
    chances = dict(zip(judged, likely, strict=True))
    tests = dict(zip(judged, _tested([worth[at] for at in judged], seed, share), strict=True))
    found = []
    for at, (_, name) in enumerate(chosen):
        n, profit, cost = len(worth[at]), float(values[at].sum()), spend.get(name)
        total, squares = float(worth[at].sum()), float((worth[at] ** 2).sum())
        low, high = means.mean_interval(total, squares, n) if n > 1 else (None, None)
        p = tests.get(at)
        found.append(
            Campaign(
                name=name, customers=n, profit=profit, spend=cost,
                net=None if cost is None else profit - cost,
                cost_of_customer=None if cost is None else cost / n,
                worth=total / n, worth_lower=low, worth_upper=high, best=chances.get(at),
                p_adjusted=p, is_different=p is not None and p <= SIGNIFICANT,
                no_test=None if p is not None else _ALONE if at in chances else _TOO_FEW,
            )
        )  # fmt: skip
    found.sort(key=lambda one: (-one.worth, one.name))
    by = "spend" if by_spend else "customer"
    return Advertising(
        by=by,
        is_clear=any(one.is_different for one in found),
        advice=_advice(found, by),
        campaigns=found,
    )


def _tested(worth: Sequence[Floats], seed: int, share: float) -> list[float | None]:
    """Adjusted p-values of each campaign beside all others together."""
    if len(worth) < 2:
        return [None] * len(worth)
    tests = int(len(worth) / share)
    found = [
        means.p_value(
            _both(np.concatenate([*worth[:at], *worth[at + 1 :]]), worth[at]), seed, tests
        )
        # Of two campaigns, each beside the other is one question.
        for at in range(len(worth) if len(worth) > 2 else 1)
    ]
    return adjusted(found, share) * (len(worth) // len(found))


def _both(first: Floats, second: Floats) -> Amounts:
    return Amounts(
        (len(first), len(second)), (first[first != 0], second[second != 0]), np.zeros((0, 2))
    )


def _advice(found: Sequence[Campaign], by: str) -> str:
    judged = [one for one in found if one.best is not None]
    if len(judged) < 2:
        enough = f" of at least {FEWEST} customers" if len(found) > 1 else ""
        return f"There are no two campaigns{enough} to choose between."
    first, unit = judged[0], "unit of spend" if by == "spend" else "customer"
    chance = first.best or 0.0
    # One of several good ones is above the mean of all, too, without being the best.
    if first.is_different and chance > _LIKELY:
        return (
            f"Put more on {first.name}: {first.worth:,.2f} a {unit}, more than the others beyond "
            f"chance; it is the best with probability {chance:.0%}."
        )
    last = judged[-1]
    if last.is_different:
        return (
            f"Put less on {last.name}: {last.worth:,.2f} a {unit}, less than the others beyond "
            "chance."
        )
    return (
        f"No campaign differs from the others beyond chance, per {unit}: {first.name} leads with "
        f"{first.worth:,.2f}, and is the best with probability {chance:.0%}. Keep spreading."
    )
