"""What new customers cost, and when they have paid it back."""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from valuebox.compartments.growth.loaded.frames import Facts, Groups
from valuebox.compartments.growth.loaded.money import Money

if TYPE_CHECKING:
    from valuebox.statistics.arrays import Mask

_MONTH: Final = np.timedelta64(2_629_800, "s")
"""A twelfth of 365.25 days."""


class Acquired(NamedTuple):
    """Customers whom a campaign brought."""

    customers: int
    monthly: float | None
    """What each customer brings in a month, on average since they joined; None if not known."""

    def cost(self, spend: float | None) -> float | None:
        """Cost of acquisition: spend for each new customer (CAC)."""
        return None if spend is None or not self.customers else spend / self.customers

    def payback(self, spend: float | None) -> float | None:
        """Months until a new customer has brought what they cost; None if that never comes."""
        cost = self.cost(spend)
        if cost is None or self.monthly is None or self.monthly <= 0:
            return None
        return cost / self.monthly


def acquired(
    facts: Facts,
    money: Money,
    groups: Groups,
    until: np.datetime64 | None,
    since: np.datetime64 | None,
) -> list[Acquired]:
    """New customers of each group.

    Args:
        facts: What happened.
        money: What events brought.
        groups: Of customers.
        until: When the facts end; None where there are none.
        since: When the report begins: new is who joined from then on. None for everybody.
    """
    created = facts.customers.created
    new: Mask = np.ones(len(created), dtype=bool) if since is None else created >= since
    counts = groups.counts(new).tolist()
    if until is None:
        return [Acquired(n, None) for n in counts]
    known = new & (created < until)
    brought = np.where(known, facts.amount_per_customer(money.amount), 0.0)
    months = np.where(known, (until - created) / _MONTH, 0.0)
    return [
        Acquired(n, amount / long if long > 0 else None)
        for n, amount, long in zip(
            counts, groups.sums(brought).tolist(), groups.sums(months).tolist(), strict=True
        )
    ]
