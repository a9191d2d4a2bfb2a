"""Players of a made-up game who are shown offers: what the game sends, and what it asks."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

FIRST = datetime(2017, 8, 1, tzinfo=UTC)
OFFERS = [
    {"offer_type": "xmas", "offer_price": 9.99},
    {"offer_type": "coins", "offer_price": 4.99},
    {"offer_type": "gems", "offer_price": 1.99},
]
LIKED = {"xmas": 0.05, "coins": 0.6, "gems": 0.1}
"""How likely each offer is bought when it is shown."""


def question(player: str, session: str, at: datetime, **others: Any) -> dict[str, Any]:
    """What the game asks when a player shows up."""
    moment = at.isoformat()
    return {"customer": player, "session": session, "candidates": OFFERS, "at": moment} | others


def raw(what: str, player: str, session: str, at: datetime, **others: Any) -> dict[str, Any]:
    """An event as the game sends it: everything is text."""
    named = {"event_id": what, "customer_identifier": player, "session_id": session}
    moment = at.replace(tzinfo=None).isoformat()
    return named | {"event_time": moment} | {name: str(one) for name, one in others.items()}


def reaction(
    random: Random, offer: dict[str, Any], player: str, session: str, at: datetime
) -> list[dict[str, Any]]:
    """Events of a player who is shown an offer, and perhaps buys it."""
    events = [raw("offer_shown", player, session, at, **offer)]
    if random.random() < LIKED[offer["offer_type"]]:
        bought = {"sku": offer["offer_type"], "txn_amount": offer["offer_price"]}
        then = at + timedelta(seconds=5)
        events.append(raw("purchase", player, session, then, purchase_source="offer", **bought))
    return events
