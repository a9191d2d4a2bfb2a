"""Events that take money back: returned goods, cancelled orders, chargebacks."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from valuebox.compartments.growth.loaded.frames import Events
from valuebox.facts.labels import Labels
from valuebox.schemas.names import REFUND
from valuebox.statistics.arrays import Mask

_WHAT: Final = r"(order|purchase|sale|item|product|good|payment|transaction|charge|invoice|line)s?"
_HOW: Final = r"(full|fully|partial|partially|is|was|has[\W_]*been)"
_REFUND: Final = (
    r"(refund(s|ed)?|return(s|ed)?|cancel(s|l?ed|lations?)?|charge[\W_]*backs?|charged[\W_]*back|"
    r"reimburse(d|ments?)|revers(als?|ed)|credit[\W_]*(note|memo)s?|money[\W_]*back|storno|void(ed)?)"
)
_DONE: Final = r"(issued|completed|created|processed|received|succeeded|paid|made)"
_NAME: Final = re.compile(
    rf"({_WHAT}[\W_]*)?({_HOW}[\W_]*)?{_REFUND}([\W_]*{_DONE}|[\W_]*{_WHAT})?", re.IGNORECASE
)


def is_refund_type(name: str) -> bool:
    """Whether a type of event says in its name that money goes back, such as `Order refunded`."""
    return _NAME.fullmatch(name.strip()) is not None


def are_refunds(events: Events, purchase: str, named: Sequence[str] | None = None) -> Mask:
    """Which events take money back: `(n_events,)`.

    Args:
        events: What happened.
        purchase: The type of event that is a purchase, whatever it sounds like.
        named: The types of refunds; None for all that say so in their name, of which only events
            with an amount are refunds: a subscription may be cancelled without any money.
    """
    is_purchase = events.type.are(purchase)
    back = events.type.have(REFUND) | is_purchase & (events.amount < 0)
    if named is not None:
        found = back
        for name in named:
            found = found | events.type.are(name)
        return found
    codes = [code for code, name in enumerate(events.type.names) if is_refund_type(name)]
    says_so = np.isin(events.type.codes, codes) & ~np.isnan(events.amount)
    return np.asarray(says_so & ~is_purchase | back)


def apart(events: Events, purchase: str) -> Events:
    """Events in which purchases with a negative amount have a type of their own.

    So nothing that counts purchases, or customers who made any, takes a refund for one.
    """
    back = events.type.are(purchase) & (events.amount < 0)
    if not back.any():
        return events
    names = [*events.type.names, REFUND]
    codes = np.where(back, np.int32(len(names) - 1), events.type.codes)
    return replace(events, type=Labels(codes, names))
