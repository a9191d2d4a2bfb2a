"""What views tell of the items that are looked at: of each property what the latest view says.

Views come from browsers, so that what is odd in them is as if it had not been told.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.catalogue import Known
from valuebox.compartments.recommend.clocks import happened
from valuebox.compartments.recommend.schemas import MAX_TEXT
from valuebox.compartments.recommend.tables import MAX_CATEGORY
from valuebox.compartments.recommend.views import VIEWED, item_of
from valuebox.facts.schemas import MAX_AMOUNT
from valuebox.facts.tables import MAX_ID, Event
from valuebox.schemas.names import name_of

_MOST: Final = 100_000
"""Views that are looked at, the newest."""
_ADDRESSES: Final = ("https://", "http://", "/")
"""How an address begins: no other can be followed without running something."""
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


def _text(most: int) -> Callable[[Any], str | None]:
    def read(value: Any) -> str | None:
        text = None if isinstance(value, bool) else name_of(value)
        return text if text and len(text) <= most and "\0" not in text else None

    return read


def _address(value: Any) -> str | None:
    text = _text(MAX_TEXT)(value)
    return text if text is not None and text.lower().startswith(_ADDRESSES) else None


def _price(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= MAX_AMOUNT else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


PROPERTIES: Final[dict[str, tuple[tuple[str, ...], Callable[[Any], Any]]]] = {
    "category": (("category", "item_category"), _text(MAX_CATEGORY)),
    "price": (("price",), _price),
    "title": (("title", "name", "item_name"), _text(MAX_TEXT)),
    "url": (("url",), _address),
    "image": (("image", "image_url"), _address),
    "available": (("available", "in_stock"), _flag),
}
"""Which properties of a view tell of its item, the first that holds something, and how each is
read: None for what is odd."""


class Telling(NamedTuple):
    """What a view tells of its item."""

    item: str
    id: str
    """Id of the event."""
    received_at: datetime
    time: float
    """Seconds since 1970, as `clocks.happened` has them."""
    told: Mapping[str, Any]
    """By the name of `PROPERTIES`; empty where the view tells nothing."""


def read_tellings(session: Session, source: str, after: datetime | None) -> list[Telling]:
    """Read what the newest views of a shop tell of their items, in no order.

    Args:
        session: Of the database.
        source: The shop.
        after: Views are looked at that were received later; None for all.
    """
    received = () if after is None else (Event.received_at > after,)
    query = (
        select(Event.id, Event.received_at, Event.time, cast(Event.properties, Text))
        .where(Event.source == source, Event.type.in_(VIEWED), *received)
        .order_by(Event.received_at.desc())
        .limit(_MOST)
    )
    found = []
    for id_, at, time, properties in session.execute(query):
        try:
            told = {} if properties is None else _decode(properties)
        except msgspec.DecodeError:
            continue
        item = item_of(told)
        if item is not None and len(item) <= MAX_ID:
            found.append(Telling(item, id_, at, time.timestamp(), told_of(told)))
    said, received_at = (
        np.array([[one.time, one.received_at.timestamp()] for one in found]).reshape(-1, 2).T
    )
    when = happened(said, received_at)
    return [one._replace(time=at) for one, at in zip(found, when.tolist(), strict=True)]


def told_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What properties of a view tell of its item, by the names of `PROPERTIES`."""
    found = {}
    for name, (called, read) in PROPERTIES.items():
        for one in called:
            value = read(properties[one]) if one in properties else None
            if value is not None:
                found[name] = value
                break
    return found


class ViewedItems:
    """What is known of items by views alone: of each property the latest view counts."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, tuple[float, str, Any]]] = {}
        self.latest: datetime | None = None
        """When the newest view was received that has been looked at."""

    def put(self, tellings: Iterable[Telling]) -> set[str]:
        """Take what views tell, and say of which items anything has changed."""
        changed = set()
        for one in tellings:
            self.latest = max(self.latest or one.received_at, one.received_at)
            known = self._told.setdefault(one.item, {}) if one.told else {}
            for name, value in one.told.items():
                before = known.get(name)
                if before is None or before[:2] < (one.time, one.id):
                    known[name] = one.time, one.id, value
                    if before is None or before[2] != value:
                        changed.add(one.item)
        return changed

    def filled(self, item: str, sent: Known | None) -> Known | None:
        """An item as it was sent, with what views tell where that lacks something.

        Args:
            item: Id of the item.
            sent: As it was sent; None where it was not.
        """
        told = {name: value for name, (_, _, value) in self._told.get(item, {}).items()}
        if not told:
            return sent
        if sent is None:
            return Known(item, **told)
        return sent._replace(**{name: told[name] for name in told if getattr(sent, name) is None})
