"""Where to put the advertising money, and what speaks for it."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.change.claims import SIGNIFICANT, adjusted
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import Money
from valuebox.compartments.growth.spending.acquiring import acquired
from valuebox.compartments.growth.spending.advice import advise
from valuebox.compartments.growth.spending.campaigns import By, Campaign
from valuebox.schemas.names import UNKNOWN, meant
from valuebox.statistics import shuffling
from valuebox.statistics.amounts import Amounts
from valuebox.statistics.arrays import Floats
from valuebox.statistics.best import best
from valuebox.statistics.shuffling import FEWEST
from valuebox.statistics.subsampling import MeanTails

_ALONE: Final = "there is no other campaign to compare with"
_TOO_FEW: Final = f"fewer than {FEWEST} customers"


class Advertising(BaseModel):
    """Campaigns, the most worth first; `best` is the share of the budget that each is to get.

    To give each as much as it is likely to be the best loses least while it is not known which
    one is (Thompson, 1933).
    """

    model_config = ConfigDict(frozen=True)

    by: By = Field(
        description="What campaigns are compared by: profit for each `customer`; for each unit of "
        "`spend`, where that is known of all campaigns; or `net`, profit less spend "
        "for each customer, where some campaigns cost nothing."
    )
    is_clear: bool = Field(description="Whether any campaign differs for real from the others.")
    advice: str = Field(description="What to do with the advertising money, in a sentence or two.")
    campaigns: list[Campaign] = Field(description="Campaigns, the most worth first.")


def advertising(
    facts: Facts,
    money: Money,
    attribute: str,
    spend: Mapping[str, float],
    seed: int = 0,
    share: float = 1.0,
    until: np.datetime64 | None = None,
    since: np.datetime64 | None = None,
    tails: MeanTails | None = None,
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
        until: When the facts end.
        since: When the report begins; None where everybody is new.
        tails: What is known of how far means are off, by what each customer brought; None to
            learn it.
    """
    groups = facts.customers.groups(attribute)
    codes, names = groups
    spend = {meant(name, names): amount for name, amount in spend.items()}
    brought = facts.amount_per_customer(money.amount)
    tails = tails or MeanTails(brought)
    chosen = [(code, name) for code, name in enumerate(names) if name != UNKNOWN]
    revenue = groups.sums(facts.amount_per_customer(money.revenue))
    new = acquired(facts, money, groups, until, since)
    by = _by([spend.get(name) for _, name in chosen])
    values = [brought[codes == code] for code, _ in chosen]
    costs = [spend.get(name, 0.0) / len(one) for one, (_, name) in zip(values, chosen, strict=True)]
    if by == "net":
        values = [one - cost for one, cost in zip(values, costs, strict=True)]
    # A customer's worth in units of what customers of the campaign cost.
    scales = [1 / cost if by == "spend" else 1.0 for cost in costs]
    worth = [one * scale for one, scale in zip(values, scales, strict=True)]
    judged = [at for at, one in enumerate(values) if len(one) >= FEWEST]
    likely = best([values[at] for at in judged], [scales[at] for at in judged], seed)
    chances = dict(zip(judged, likely, strict=True))
    tests = dict(zip(judged, _tested([worth[at] for at in judged], seed, share), strict=True))
    found = []
    for at, (code, name) in enumerate(chosen):
        n, cost = len(worth[at]), spend.get(name)
        own = brought[codes == code]
        profit = float(own.sum())
        total, squares = float(worth[at].sum()), float((worth[at] ** 2).sum())
        sure = tails.interval(total, squares, n, int(np.count_nonzero(own)))
        p = tests.get(at)
        found.append(
            Campaign(
                name=name, customers=n, revenue=float(revenue[code]), profit=profit, spend=cost,
                net=None if cost is None else profit - cost,
                returned=profit / cost if cost else None,
                cost_of_customer=None if cost is None else cost / n,
                new_customers=new[code].customers, cac=new[code].cost(cost),
                payback_months=new[code].payback(cost),
                worth=total / n, worth_lower=sure.low, worth_upper=sure.high,
                no_interval=sure.why_not, best=chances.get(at),
                p_adjusted=p, is_different=p is not None and p <= SIGNIFICANT,
                no_test=None if p is not None else _ALONE if at in chances else _TOO_FEW,
            )
        )  # fmt: skip
    found.sort(key=lambda one: (-one.worth, one.name))
    return Advertising(
        by=by,
        is_clear=any(one.is_different for one in found),
        advice=advise(found, by, money.measure),
        campaigns=found,
    )


def _by(spends: Sequence[float | None]) -> By:
    """What to compare campaigns by: spend where all have any, as nothing can be divided by 0."""
    told = [one for one in spends if one is not None]
    if len(told) < len(spends) or not any(told):
        return "customer"
    return "spend" if all(told) else "net"


def _tested(worth: Sequence[Floats], seed: int, share: float) -> list[float | None]:
    """Adjusted p-values of each campaign beside all others together."""
    if len(worth) < 2:
        return [None] * len(worth)
    tests = int(len(worth) / share)
    found = [
        shuffling.p_value(
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
