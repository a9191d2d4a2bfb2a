"""What a player has seen and bought before of the types of offers that may be shown now."""

from collections import Counter
from typing import Any, Final, NamedTuple

import msgspec

from valuebox.compartments.offers.buying import OF_OFFER
from valuebox.compartments.offers.rewards import PURCHASE, SHOWN
from valuebox.facts.features.stored import Stored


class _Told(msgspec.Struct, gc=False):
    """What is read of an event: of others' members no objects are made."""

    offer_type: Any = None
    purchase_source: Any = None
    sku: Any = None


_TOLD: Final = msgspec.json.Decoder(_Told | None).decode


class Before(NamedTuple):
    """How often a player has seen and bought offers, by type."""

    shown: Counter[str]
    bought: Counter[str]

    def properties(self, type_: str) -> dict[str, float]:
        """What is known of a candidate of a type, by name."""
        return {
            "type_shown": float(self.shown[type_]),
            "type_bought": float(self.bought[type_]),
        }


def before_of(stored: Stored) -> Before:
    """What events of a player say of offers.

    Args:
        stored: Events of one player before the moment.
    """
    shown: Counter[str] = Counter()
    bought: Counter[str] = Counter()
    for type_, written in zip(stored.type, stored.properties, strict=True):
        if type_ not in (SHOWN, PURCHASE) or written is None:
            continue
        told = _TOLD(written)
        if told is None:
            continue
        if type_ == SHOWN:
            shown[str(told.offer_type)] += 1
        elif told.purchase_source in (None, OF_OFFER):
            bought[str(told.sku)] += 1
    return Before(shown, bought)
