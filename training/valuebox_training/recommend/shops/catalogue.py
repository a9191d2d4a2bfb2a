"""What a made-up shop sells: ids, categories and prices, and when each item is there."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

DEPARTMENTS: Final = (
    *("shoes", "boots", "coats", "shirts", "trousers", "hats", "scarves", "gloves", "bags"),
    *("belts", "socks", "watches", "rings", "lamps", "chairs", "desks", "rugs", "cups", "plates"),
    *("knives", "pans", "tents", "ropes", "bikes", "skis", "balls", "books", "pens", "toys"),
)
_KINDS: Final = ("plain", "fine", "light", "warm", "old", "new", "small", "large", "red", "blue")


class Stock(NamedTuple):
    """Items of a shop, `(n_items,)` each."""

    ids: tuple[str, ...]
    """As the shop calls them; some look like numbers, and "7" is another one than "007"."""
    category: Places
    price: Floats
    weight: Floats
    """How popular each is with everybody: what it is found by, without regard to taste."""
    begins: Floats
    """Day on which it comes into the shop; 0 for those that always were there."""
    ends: Floats
    """Day on which the last one is sold."""

    def there(self, day: float) -> NDArray[np.bool_]:
        """Which items are for sale on a day."""
        found: NDArray[np.bool_] = (self.begins <= day) & (day < self.ends)
        return found

    def told(self, source: str, places: Places, day: float) -> list[dict[str, Any]]:
        """Some of the items, as `POST /v1/items` takes them."""
        there = self.there(day)
        return [
            {
                "source": source,
                "id": self.ids[place],
                "category": DEPARTMENTS[self.category[place]],
                "price": float(self.price[place]),
                "title": f"{_KINDS[place % len(_KINDS)]} "
                f"{DEPARTMENTS[self.category[place]]} {place}".capitalize(),
                "available": bool(there[place]),
            }
            for place in places.tolist()
        ]


def stock_of(
    draw: np.random.Generator,
    items: int,
    categories: int,
    days: int,
    fresh: float = 0.1,
    sold: float = 0.05,
    steep: float = 0.9,
) -> Stock:
    """Draw the items of a shop.

    Args:
        draw: What they are drawn by.
        items: How many there are in all.
        categories: How many categories they are of.
        days: For how long the shop is looked at.
        fresh: Share of items that come into the shop within these days.
        sold: Share of items that are sold out within them.
        steep: Exponent of Zipf's law that popularity follows.
    """
    rank = draw.permutation(items)
    level = draw.lognormal(3.3, 0.6, categories)
    category = draw.integers(0, categories, items)
    begins, ends = np.zeros(items), np.full(items, np.inf)
    new = draw.random(items) < fresh
    begins[new] = draw.uniform(1, days, int(new.sum())).round(2)
    gone = draw.random(items) < sold
    ends[gone] = begins[gone] + draw.uniform(1, days, int(gone.sum())).round(2)
    return Stock(
        tuple(_ids(items)),
        category,
        np.round(level[category] * draw.lognormal(0, 0.4, items), 2).astype(np.float64),
        ((1.0 + rank) ** -steep).astype(np.float64),
        begins,
        ends,
    )


def _ids(items: int) -> list[str]:
    """Ids; every twentieth pair of items differs by leading zeros alone."""
    found = [f"sku-{place}" for place in range(items)]
    for place in range(0, items - 1, 40):
        found[place], found[place + 1] = str(place + 7), f"{place + 7:05d}"
    return found
