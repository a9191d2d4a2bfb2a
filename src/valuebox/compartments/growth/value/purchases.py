"""How each buyer has bought: on how many days, how lately, and since when."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.growth.loaded.frames import Facts, summed
from valuebox.compartments.growth.loaded.money import Money
from valuebox.statistics.arrays import Floats, Moments

WEEK: Final = 7.0
"""Days in the unit of time of all that follows."""
_DAY: Final = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Purchases:
    """Purchases of everybody who has bought at least once, one value a buyer; times in weeks."""

    customer: NDArray[np.intp]
    """Position in `Customers`, `(n_buyers,)`."""
    repeats: Floats
    """Days with a purchase, after the first one."""
    last: Floats
    """Time from the first to the last day with a purchase; 0 without a repeat."""
    observed: Floats
    """Time from the first day with a purchase until the facts end."""
    spent: Floats
    """Mean amount of a repeat day, less refunds; 0 without a repeat."""
    first: Floats
    """Amount of the first day, less refunds."""

    @property
    def total(self) -> Floats:
        """Amount of all days with a purchase, `(n_buyers,)`."""
        return self.first + self.spent * self.repeats

    @property
    def days(self) -> Floats:
        """Days with a purchase, the first one included, `(n_buyers,)`."""
        return self.repeats + 1

    @property
    def mean(self) -> float:
        """Mean amount of a day with a purchase."""
        return float(self.total.sum() / self.days.sum())

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, rows: NDArray[np.intp]) -> "Purchases":
        """Purchases of some of the buyers."""
        return Purchases(*(getattr(self, one.name)[rows] for one in fields(self)))


def purchases(facts: Facts, money: Money, until: np.datetime64) -> Purchases:
    """Sum up what customers bought before `until`; what they bought on one day is one purchase.

    What a refund takes back is taken from the day before it on which its customer last bought;
    whoever only had refunds is no buyer.

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
        return Purchases(np.zeros(0, dtype=np.intp), nothing, nothing, nothing, nothing, nothing)
    first_day = int(day.min())
    width = int(day.max()) - first_day + 1
    days, place = np.unique(customer * width + (day - first_day), return_inverse=True)
    brought = summed(place, amount, len(days))
    brought += _refunded(facts, money, until, days, first_day, width)
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
        first=brought[starts],
    )


def first_purchases(facts: Facts, money: Money, since: np.datetime64 | None = None) -> Moments:
    """When customers first bought, `(n_customers,)`; NaT of those who did not.

    Args:
        facts: What happened.
        money: What events brought.
        since: When the facts begin: whoever had joined by then, or at a time that is not known,
            may have bought before, and is NaT. None where they are known from the beginning.
    """
    rows = money.is_purchase & (facts.events.customer >= 0)
    never = np.iinfo(np.int64).max
    first = np.full(len(facts.customers), never)
    when = facts.events.time[rows].astype("datetime64[us]").astype(np.int64)
    np.minimum.at(first, facts.events.customer[rows], when)
    found = first.astype("datetime64[us]")
    found[first == never] = np.datetime64("NaT")
    if since is not None:
        found[~(facts.customers.created >= since)] = np.datetime64("NaT")
    return found


def _refunded(
    facts: Facts,
    money: Money,
    until: np.datetime64,
    days: NDArray[np.int64],
    first_day: int,
    width: int,
) -> Floats:
    """What refunds add to each day with a purchase, `(n_days,)`; not above 0.

    Days are sorted, and numbered from `first_day` on, after `width` times their customer.
    """
    chosen = money.is_refund & (facts.events.customer >= 0) & (facts.events.time < until)
    customer = facts.events.customer[chosen].astype(np.int64)
    day = facts.events.time[chosen].astype("datetime64[D]").astype(np.int64) - first_day
    # A refund from before the first purchase of all has no day, and one from after the last of
    # all has the last.
    known = day >= 0
    key = customer * width + np.minimum(day, width - 1)
    place = np.searchsorted(days, key, side="right") - 1
    known &= (place >= 0) & (days[place] // width == customer)
    return summed(place[known], money.amount[chosen][known], len(days))
