"""Raw events of a game, as it sends them."""

from typing import Any

LAUNCH = {
    "event_id": "app_launched",
    "event_time": "2017-08-14T17:53:57",
    "customer_identifier": "F493",
    "session_id": "K237",
    "country": "DE",
    "signin_method": "https://www.facebook.com/somebody",
    "badge": None,
}
END = {
    "event_id": "game_end",
    "event_time": "2017-08-14T17:54:08",
    "customer_identifier": "F493",
    "session_id": "K237",
    "level": "7",
    "won": "1",
}
START = END | {"event_id": "game_start", "event_time": "2017-08-14T17:54:12", "won": False}
OFFER = END | {"event_id": "offer_shown", "item_price": 9.99, "offer_purchased": "false"}
PURCHASE = END | {"event_id": "purchase_made", "item_price": "9.99", "sku": "coins"}
GAME: list[dict[str, Any]] = [LAUNCH, END, START, OFFER, PURCHASE, PURCHASE]
"""A game that ended before it began, and two purchases within a second that say the same."""


def raw_event(**fields: Any) -> dict[str, Any]:
    """A purchase as the game sends it; `fields` replace some, those that are ... are left out."""
    whole = PURCHASE | fields
    return {name: value for name, value in whole.items() if value is not ...}
