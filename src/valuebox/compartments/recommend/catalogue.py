"""What shops have: how items get into the database, and out of it when they have changed."""

import math
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.ranking.attributes import NO_CATEGORY, Attributes
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.schemas import ItemsStored, ShopItem
from valuebox.compartments.recommend.tables import Item
from valuebox.store.clock import CLOCK
from valuebox.store.upsert import columns_of_new, upsert
from valuebox.store.writing import table_of

_TABLE: Final = table_of(Item)
_TOLD: Final = (
    *("category", "price", "title", "url", "image", "available", "begins", "ends", "boost"),
)
_AT_ONCE: Final = 1_000


class Known(NamedTuple):
    """An item, as a shop has told of it, or as views of it do."""

    id: str
    category: str | None = None
    price: float | None = None
    title: str | None = None
    url: str | None = None
    image: str | None = None
    available: bool = True
    begins: datetime | None = None
    ends: datetime | None = None
    boost: float = 1.0

    def may_be_listed(self, at: datetime) -> bool:
        """Whether the item is available at a moment."""
        return (
            self.available
            and (self.begins is None or self.begins <= at)
            and (self.ends is None or at < self.ends)
        )


def put_items(session: Session, items: Sequence[ShopItem]) -> ItemsStored:
    """Store items; what is told of a known one replaces what was.

    Args:
        session: Of the transaction that stores them.
        items: Each once.
    """
    now = CLOCK.moment()
    rows: list[dict[str, Any]] = [one.model_dump() | {"changed_at": now} for one in items]
    # Rows are sorted, so that two requests with the same items cannot deadlock.
    rows.sort(key=lambda row: (row["source"], row["id"]))
    known = 0
    key = _TABLE.c.source, _TABLE.c.id
    for start in range(0, len(rows), _AT_ONCE):
        keys = [(row["source"], row["id"]) for row in rows[start : start + _AT_ONCE]]
        known += len(session.execute(select(*key).where(tuple_(*key).in_(keys))).all())
    upsert(session, Item, rows, columns_of_new(*_TOLD, "changed_at"))
    return ItemsStored(received=len(rows), added=len(rows) - known)


def read_items(
    session: Session, source: str, after: datetime | None
) -> tuple[list[Known], datetime | None]:
    """Items of a shop that have changed, and when the last of them did.

    Args:
        session: Of the database.
        source: The shop.
        after: Items are read that have changed since; None for all.
    """
    columns = [_TABLE.c.id, *(_TABLE.c[name] for name in _TOLD), _TABLE.c.changed_at]
    changed = () if after is None else (_TABLE.c.changed_at > after,)
    rows = session.execute(select(*columns).where(_TABLE.c.source == source, *changed)).all()
    latest = max((row[-1] for row in rows), default=after)
    return [Known(*row[:-1]) for row in rows], latest


def attributes_of(
    index: Index, items: Collection[Known], available: Sequence[bool] | None = None
) -> Attributes:
    """What a shop has told of its items, in the order of an index.

    Args:
        index: Of the shop.
        items: Each once.
        available: Whether each may be recommended; None where all may.
    """
    codes: dict[str, int] = {}
    return Attributes.of(
        index,
        [one.id for one in items],
        [
            NO_CATEGORY if one.category is None else codes.setdefault(one.category, len(codes))
            for one in items
        ],
        [math.nan if one.price is None else one.price for one in items],
        available,
    )
