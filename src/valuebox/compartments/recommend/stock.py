"""What a process knows of the items of a shop: as they were sent, and as views tell of them."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

from sqlalchemy.orm import Session

from valuebox.compartments.recommend.catalogue import Known, attributes_of, read_items
from valuebox.compartments.recommend.ranking.attributes import Attributes
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.viewed import ViewedItems, read_tellings

SETTLED: Final = timedelta(seconds=60)
"""Within which rows are stored after they were dated, or not at all."""
_EVERY_SECONDS: Final = 5.0
"""How often views are looked at for what they tell of items."""


class Stock:
    """Follows the items of a shop; whoever looks at them meanwhile sees what was.

    What is sent of an item counts, and what that lacks is what the latest view tells.

    Args:
        source: The shop.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self.items: dict[str, Known] = {}
        """Every item of which anything is known, by id."""
        self.attributes: Attributes | None = None
        """The items by the codes of the index that lists are made of."""
        self._listed: dict[str, bool] = {}
        self._bounded: list[Known] = []
        self._sent: dict[str, Known] = {}
        self._changed_at: datetime | None = None
        self._taken_at: datetime | None = None
        self._viewed = ViewedItems()
        self._viewed_at: datetime | None = None
        self._looked_at = -math.inf

    def take(self, session: Session, now: datetime) -> bool:
        """Read what has changed, and say whether lists may differ for it."""
        after = _unseen_after(self._changed_at, self._taken_at)
        changed, self._changed_at = read_items(session, self._source, after)
        self._taken_at = now
        self._sent |= {one.id: one for one in changed}
        told = self._told(session, now)
        found = {one: self._viewed.filled(one, self._sent.get(one)) for one in told}
        found |= {one.id: self._viewed.filled(one.id, one) for one in changed}
        new = {item: one for item, one in found.items() if one and self.items.get(item) != one}
        is_anew = len(self._listed) != len(self.items)
        self.items = {**self.items, **new} if new else self.items
        passed = [one for one in self._bounded if one.may_be_listed(now) != self._listed[one.id]]
        if not (new or passed or is_anew):
            return False
        every = self.items.values()
        self._listed = {one.id: one.may_be_listed(now) for one in every}
        self._bounded = [one for one in every if one.begins or one.ends]
        return True

    def _told(self, session: Session, now: datetime) -> set[str]:
        """Items of which views have told something new."""
        if monotonic() - self._looked_at < _EVERY_SECONDS:
            return set()
        after = _unseen_after(self._viewed.latest, self._viewed_at)
        changed = self._viewed.put(read_tellings(session, self._source, after))
        self._viewed_at, self._looked_at = now, monotonic()
        return changed

    def look_anew(self) -> None:
        """Forget what views have told, as somebody was forgotten whose views these may be."""
        self._viewed, self._looked_at = ViewedItems(), -math.inf
        self.items, self._listed, self._bounded = dict(self._sent), {}, []

    def attributes_of(self, index: Index) -> Attributes:
        """The items by the codes of an index, which has been built of the shop's views."""
        return attributes_of(index, self.items.values(), list(self._listed.values()))

    def catalogue(self) -> Callable[[Index], Attributes] | None:
        """What makes the same of any index, with all in stock: what once was is not known.

        None where no item is known.
        """
        if not self.items:
            return None
        return partial(attributes_of, items=list(self.items.values()))


def _unseen_after(latest: datetime | None, looked_at: datetime | None) -> datetime | None:
    """The moment after which rows are dated that the last look may not have seen; None for all.

    Whatever came in long before that look was there, so that a shop where nothing happens is not
    read again and again.

    Args:
        latest: When the newest row was dated that was seen.
        looked_at: When the last look began.
    """
    if latest is None or looked_at is None:
        return None
    return min(latest, looked_at - SETTLED)
