"""What is known of a customer's buying: how often again, how lately, for how long."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.growth.columns import Facts, Floats, summed
from valuebox.growth.money import Money

WEEK: Final = 7.0
"""Days in the unit of time of all that follows."""
_DAY: Final = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Purchases:
    """One value a buyer, whoever has bought at least once; times in weeks."""

    customer: NDArray[np.intp]
    """Position in `Customers`, `(n_buyers,)`."""
    repeats: Floats
    """Days with a purchase, after the first one."""
    last: Floats
    """From the first to the last of those days; 0 without a repeat."""
    observed: Floats
    """From the first of those days until the facts end."""
    spent: Floats
    """Mean amount of a repeat day; 0 without a repeat."""

    def __len__(self) -> int:
        return len(self.customer)


def purchases(facts: Facts, money: Money, until: np.datetime64) -> Purchases:
    """Sum up what customers bought before `until`; what they bought on one day, UTC, is one.

    Fader, Hardie and Lee (2005) use weeks and days alike: recency and frequency are all that the
    model needs of a history.

    Args:
        facts: What happened.
        money: What events brought.
        until: When the facts end; later events are not looked at.
    """
    chosen = money.is_purchase & (facts.events.customer >= 0) & (facts.events.time < until)
    customer = facts.events.customer[chosen].astype(np.int64)
    day = facts.events.time[chosen].astype("datetime64[D]").astype(np.int64)
    amount = money.amount[chosen]
    if not len(day):
        nothing = np.zeros(0)
        return Purchases(np.zeros(0, dtype=np.intp), nothing, nothing, nothing, nothing)
    first_day = int(day.min())
    width = int(day.max()) - first_day + 1
    days, place = np.unique(customer * width + (day - first_day), return_inverse=True)
    brought = summed(place, amount, len(days))
    buyers, starts, counts = np.unique(days // width, return_index=True, return_counts=True)
    when = (days % width).astype(np.float64)
    ends = starts + counts - 1
    total = np.add.reduceat(brought, starts) - brought[starts]
    repeats = (counts - 1).astype(np.float64)
    end = (until - np.datetime64(first_day, "D")) / _DAY
    return Purchases(
        customer=buyers.astype(np.intp),
        repeats=repeats,
        last=(when[ends] - when[starts]) / WEEK,
        observed=np.maximum(end - when[starts], when[ends] - when[starts]) / WEEK,
        spent=np.divide(total, repeats, out=np.zeros_like(total), where=repeats > 0),
    )
