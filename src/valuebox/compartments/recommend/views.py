"""Which events are views of items, and what came of them: the same in SQL and of single events."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import Session

from valuebox.facts.naming import name_in
from valuebox.facts.tables import Event
from valuebox.schemas.names import name_of

VIEWED: Final = (
    *("view", "viewed", "click", "clicked", "page_view", "pageview", "item_view", "product_view"),
    *("product_viewed", "view_item", "detail"),
)
"""Types of events in which a visitor looked at an item."""
BOUGHT: Final = (
    *("bought", "buy", "purchase", "purchased", "transaction", "order", "ordered", "sale"),
)
"""Types of events in which a visitor bought an item."""
SHOWN: Final = ("shown", "listed", "impression")
"""Types of events in which a list of somebody else's was shown; its property `items` holds it."""
ITEM: Final = ("item", "item_id", "itemid", "product", "product_id", "sku")
"""Properties that hold the id of an item: the first that an event has counts."""
VIA: Final = "via"
"""The property of a view that holds the id of the recommendation which was clicked."""


def item_in(session: Session) -> ColumnElement[str]:
    """The id of an event's item, in SQL; NULL where the event has none.

    Args:
        session: Of the database that will be asked.
    """
    return func.coalesce(*(name_in(session, Event.properties, name) for name in ITEM))


def item_of(properties: Mapping[str, Any] | None) -> str | None:
    """The id of the item of an event with these properties; None where there is none."""
    for name in ITEM:
        if properties and (found := name_of(properties.get(name))) is not None:
            return found
    return None


def session_in() -> ColumnElement[str]:
    """The session of an event in SQL; where the shop tells none, whose event it is."""
    return func.coalesce(Event.session, Event.customer)
