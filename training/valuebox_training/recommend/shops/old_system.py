"""Who showed lists before: what was popular the day before, as shops do."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from valuebox_training.recommend.shops.living import Listener, Page
from valuebox_training.recommend.shops.sending import Event, Shown
from valuebox_training.recommend.shops.visits import LISTED, Visit
from valuebox_training.recommend.shops.worlds import Shop


class OldSystem:
    """Shows what was popular the day before, and a few items by chance, as shops do.

    Args:
        shop: The shop.
        seed: Of what is by chance.
        hears: Who is told of items and events; may be of nobody.
    """

    def __init__(self, shop: Shop, seed: int, hears: Sequence[Listener] = ()):
        self._shop, self._seed, self._hears = shop, seed, hears
        self._places = {id_: place for place, id_ in enumerate(shop.stock.ids)}
        self._counts = np.zeros(len(shop.stock.ids))
        self._popular: list[int] = []
        self._draw = np.random.default_rng([19, seed])
        self._day = self._lists = 0

    def morning(self, day: int, now: datetime, items: Sequence[dict[str, Any]]) -> None:
        """Look at what was popular."""
        self._draw = np.random.default_rng([19, self._seed, day])
        self._day, self._lists = day, 0
        counts = self._counts if self._counts.any() else self._shop.on(day).weight
        there = np.where(self._shop.stock.there(day), counts, -1.0)
        self._popular = np.argsort(-there, kind="stable")[: 3 * LISTED].tolist()
        self._counts = np.zeros_like(self._counts)
        for one in self._hears:
            one.morning(day, now, items)

    def listed(self, page: Page, arm: str | None = None) -> tuple[Shown, str]:
        """Popular items, two of ten by chance."""
        last = self._places.get(page.seen[-1]) if page.seen else None
        found = [one for one in self._popular if one != last][:LISTED]
        for place in self._draw.integers(0, len(found), 2).tolist():
            found[place] = self._popular[int(self._draw.integers(LISTED, len(self._popular)))]
        self._lists += 1
        found = [one for one in dict.fromkeys(found) if one != last]
        return Shown(f"l-{self._day}-{self._lists}", found, True), "old"

    def each(self, work: Callable[[Visit], None], visits: Sequence[Visit]) -> None:
        """Tell of every visit, in turn."""
        for one in visits:
            work(one)

    def hear(self, events: Sequence[Event]) -> None:
        """Count views."""
        for one in events:
            if one["type"] == "view":
                place = self._places.get(one["properties"].get("item", ""))
                if place is not None:
                    self._counts[place] += 1
        for listener in self._hears:
            listener.hear(events)
