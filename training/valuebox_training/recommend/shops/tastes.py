"""What visitors of made-up shops like: by department, by hidden traits, or what goes together."""

from typing import Protocol

import numpy as np

from valuebox_training.recommend.shops.catalogue import Floats, Places, Stock


class Tastes(Protocol):
    """A family of shops.

    A liking is a number for each item: 0 is indifference, from 1 on an item is likely clicked.
    """

    def of_visitor(self, draw: np.random.Generator) -> Floats:
        """What somebody who comes in likes, `(n_items,)`."""

    def after(self, liking: Floats, last: int) -> Floats:
        """What the same visitor likes while looking at an item, `(n_items,)`."""


class Departments:
    """Visitors want something of one department or two, at a price that they have in mind."""

    def __init__(self, stock: Stock, draw: np.random.Generator, keen: float = 2.4):
        self._stock, self._keen = stock, keen
        self._kinds = int(stock.category.max()) + 1
        self._busy = draw.dirichlet(np.full(self._kinds, 3.0))
        logs = np.log(stock.price)
        self._level = np.array([logs[stock.category == one].mean() for one in range(self._kinds)])
        self._dear = logs - self._level[stock.category]

    def of_visitor(self, draw: np.random.Generator) -> Floats:
        """Of all items of the departments, those near the price most."""
        wanted = draw.choice(self._kinds, 1 + (draw.random() < 0.3), p=self._busy)
        is_wanted = np.isin(self._stock.category, wanted)
        found: Floats = np.where(is_wanted, self._keen - 1.0, -1.0)
        found -= 0.8 * np.abs(self._dear - draw.normal(0, 0.3)) * is_wanted
        found += draw.normal(0, 0.4, len(found))
        return found

    def after(self, liking: Floats, last: int) -> Floats:
        """What the visitor likes anyway: looking at an item changes nothing."""
        return liking


class Traits:
    """Visitors and items have hidden traits; the catalogue's categories say nothing of them."""

    def __init__(self, stock: Stock, draw: np.random.Generator, keen: float = 1.0, sizes: int = 6):
        found = draw.normal(0, 1, (len(stock.ids), sizes))
        length = np.linalg.norm(found, axis=1, keepdims=True)
        self._traits: Floats = (found / length).astype(np.float64)
        self._keen = keen

    def of_visitor(self, draw: np.random.Generator) -> Floats:
        """Items near a point among the traits."""
        found = draw.normal(0, 1, self._traits.shape[1])
        near: Floats = self._traits @ (found / np.linalg.norm(found))
        liking: Floats = self._keen * (4.0 * near - 1.5) + draw.normal(0, 0.3, len(near))
        return liking

    def after(self, liking: Floats, last: int) -> Floats:
        """What the visitor likes anyway: looking at an item changes nothing."""
        return liking


class Paths:
    """What a visitor wants next hangs on what is looked at: a case for the phone, then a charger.

    Items that go together are of different categories, and lead one way: nobody looks for a phone
    that fits a charger.
    """

    def __init__(self, stock: Stock, draw: np.random.Generator, keen: float = 2.6, leads: int = 12):
        count = len(stock.ids)
        self._keen = keen
        self._next: Places = draw.integers(0, count, (count, leads))

    def of_visitor(self, draw: np.random.Generator) -> Floats:
        """Hardly anything in particular."""
        found: Floats = draw.normal(-0.9, 0.4, len(self._next))
        return found

    def after(self, liking: Floats, last: int) -> Floats:
        """What goes with the item."""
        found = liking.copy()
        found[self._next[last]] += self._keen
        return found


class Herd:
    """Everybody likes the same: nothing is better than popular items."""

    def __init__(self, stock: Stock, draw: np.random.Generator):
        order = np.argsort(np.argsort(stock.weight)) / len(stock.weight)
        self._liking: Floats = 3.0 * order - 1.6

    def of_visitor(self, draw: np.random.Generator) -> Floats:
        """The most popular items."""
        found: Floats = self._liking + draw.normal(0, 0.3, len(self._liking))
        return found

    def after(self, liking: Floats, last: int) -> Floats:
        """What the visitor likes anyway: looking at an item changes nothing."""
        return liking
