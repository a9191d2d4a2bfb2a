"""What purchases brought: at the prices in the data or at one price, less what was paid back.

Three things are counted, and each has its own word. A *purchase* is an event. An *order* is what a
customer bought at one moment, of which every line may be an event. A *day* with purchases is what
BG/NBD knows. Amounts of one are never multiplied by numbers of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from valuebox.compartments.growth.loaded.frames import Events, Facts
from valuebox.compartments.growth.loaded.refunds import are_refunds
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.statistics.arrays import Floats, Mask

Measure = Literal["revenue", "profit"]
"""What amounts are: all that was paid, or what is left of it after costs."""


@dataclass(frozen=True)
class Money:
    """Events by what they are: purchases, refunds, or neither; and what each brought."""

    is_purchase: Mask
    """Purchases, `(n_events,)`."""
    is_order: Mask
    """The first purchase of each order, `(n_events,)`: as many as there are orders."""
    is_refund: Mask
    """Events that take money back, `(n_events,)`; never a purchase."""
    is_neither: Mask
    """Other events with an amount, `(n_events,)`; it is in no figure."""
    revenue: Floats
    """What each event brought, `(n_events,)`; refunds below 0, and 0 for what has no price."""
    amount: Floats
    """Revenue, or what is left of it after costs where these are known, `(n_events,)`."""
    unpriced: int
    """Purchases whose amount is not known; they bring 0 at the data's prices."""
    uncosted: int
    """Purchases whose own cost was asked for, and is not known; they cost nothing."""
    measure: Measure
    """What `amount` is."""


def money_of(facts: Facts, question: GrowthQuestion) -> Money:
    """What each event brought, at the prices and costs that a question names."""
    return money(
        facts,
        question.purchase,
        question.price,
        question.refunds,
        question.margin,
        question.cost,
    )


def money(
    facts: Facts,
    purchase: str,
    unit_price: float | None = None,
    refunds: Sequence[str] | None = None,
    margin: float | None = None,
    unit_cost: float | None = None,
) -> Money:
    """What each event brought.

    Args:
        facts: What happened. Where events have costs of their own, purchases cost as much, and
            refunds bring it back.
        purchase: The type of event that is a purchase, such as `bought`.
        unit_price: What every purchase brings, and every refund takes back, instead of its own
            amount.
        refunds: Types of events that take money back; None for those that say so in their name.
        margin: Share of the revenue that is left after costs; None where these are not known.
        unit_cost: What every purchase costs; it is not paid back.
    """
    events = facts.events
    is_refund = are_refunds(events, purchase, refunds)
    is_purchase = events.type.are(purchase) & ~is_refund
    priced = ~np.isnan(events.amount)
    size = np.abs(events.amount) if unit_price is None else np.full(len(events), unit_price)
    size = np.where(priced | (unit_price is not None), size, 0.0)
    revenue = np.where(is_purchase, size, 0.0) - np.where(is_refund, size, 0.0)
    amount = revenue * (1.0 if margin is None else margin)
    if unit_cost is not None:
        amount = amount - np.where(is_purchase, unit_cost, 0.0)
    uncosted = 0
    if events.cost is not None:
        own = np.abs(np.nan_to_num(events.cost))
        amount = amount - np.where(is_purchase, own, 0.0) + np.where(is_refund, own, 0.0)
        uncosted = int((is_purchase & np.isnan(events.cost)).sum())
    moved = (np.nan_to_num(events.amount) != 0) & (unit_price is None)
    has_costs = margin is not None or unit_cost is not None or events.cost is not None
    return Money(
        is_purchase,
        _orders(events, is_purchase),
        is_refund,
        moved & ~is_purchase & ~is_refund,
        revenue,
        amount,
        int((is_purchase & ~priced).sum()) if unit_price is None else 0,
        uncosted,
        "profit" if has_costs else "revenue",
    )


def _orders(events: Events, is_purchase: Mask) -> Mask:
    """The first purchase of each order; a purchase of an unknown customer is an order by itself."""
    rows = np.flatnonzero(is_purchase)
    customer, time = events.customer[rows], events.time[rows]
    order = np.lexsort((time, customer))
    customer, time = customer[order], time[order]
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (customer[1:] != customer[:-1]) | (time[1:] != time[:-1]) | (customer[1:] < 0)
    found = np.zeros(len(events), dtype=bool)
    found[rows[order[is_first]]] = True
    return found
