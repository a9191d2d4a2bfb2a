"""What purchases brought: at the prices in the data, or at one price for everything."""

from dataclasses import dataclass

import numpy as np

from valuebox.growth.columns import Facts, Floats, Mask


@dataclass(frozen=True)
class Money:
    """Every event as a purchase, or not."""

    is_purchase: Mask
    """`(n_events,)`."""
    amount: Floats
    """What each brought, `(n_events,)`: 0 for what is no purchase or has no price."""
    unpriced: int
    """Purchases whose amount is not known; they bring 0 at the data's prices."""


def money(facts: Facts, purchase: str, unit_price: float | None = None) -> Money:
    """What each event brought.

    Args:
        facts: What happened.
        purchase: The type of event that is a purchase, such as `bought`.
        unit_price: What every purchase brings, instead of its own amount.
    """
    is_purchase = facts.events.type.are(purchase)
    priced = ~np.isnan(facts.events.amount)
    own = np.where(is_purchase & priced, facts.events.amount, 0.0)
    return Money(
        is_purchase,
        own if unit_price is None else np.where(is_purchase, unit_price, 0.0),
        int((is_purchase & ~priced).sum()),
    )
