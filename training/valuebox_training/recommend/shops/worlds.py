"""Named shops whose visitors react to lists: how they differ, and what is odd in each."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np

from valuebox_training.recommend.shops.catalogue import Stock, stock_of
from valuebox_training.recommend.shops.sending import Trouble
from valuebox_training.recommend.shops.tastes import Departments, Herd, Paths, Tastes, Traits
from valuebox_training.recommend.shops.visits import Habits


@dataclass(frozen=True)
class World:
    """A kind of shop."""

    about: str
    tastes: Callable[[Stock, np.random.Generator], Tastes] = Departments
    items: int = 400
    categories: int = 20
    sessions: int = 1_000
    """Of a day."""
    habits: Habits = field(default_factory=Habits)
    trouble: Trouble = field(default_factory=Trouble)
    stock: Callable[..., Stock] = stock_of
    trend: float = 0.0
    """How far popularity of an item wanders within a day: its logarithm's standard deviation."""
    days: int = field(default=42, init=False)
    """For how long there is something new in the shop."""

    def shop(self, seed: int) -> "Shop":
        """A shop of this kind.

        Args:
            seed: Of what there is, and of what visitors like.
        """
        stock = self.stock(
            np.random.default_rng([11, seed]), self.items, self.categories, self.days
        )
        tastes = self.tastes(stock, np.random.default_rng([12, seed]))
        walk = np.random.default_rng([13, seed]).normal(0, 1, (self.days + 1, self.items))
        return Shop(self, stock, tastes, np.cumsum(self.trend * walk, axis=0))


@dataclass(frozen=True)
class Shop:
    """A shop, whatever happens in it."""

    world: World
    stock: Stock
    tastes: Tastes
    drift: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    """By how much the logarithm of each item's popularity has moved by each day."""

    def on(self, day: int) -> Stock:
        """The stock with the popularity of a day."""
        moved = self.drift[min(day, len(self.drift) - 1)]
        return self.stock._replace(weight=self.stock.weight * np.exp(moved))


_DIRTY: Final = Trouble(
    bots=0.03, late=0.05, doubled=0.05, reused=0.05, silent=0.5, askew=0.01, nowhere=0.02
)
WORLDS: Final[dict[str, World]] = {
    "departments": World("visitors want something of a department, at a price"),
    "traits": World("items are alike in ways that no catalogue knows", Traits),
    "paths": World("what is wanted next goes with what is looked at, and leads one way", Paths),
    "fashion": World(
        "a half of the items comes while one looks, and what is popular changes daily",
        Traits,
        stock=partial(stock_of, fresh=0.5, sold=0.3),
        trend=0.35,
    ),
    "long-tail": World("4,000 items, most of which are hardly ever looked at", items=4_000),
    "echo": World(
        "visitors find little but by lists, which have shown popular items so far",
        habits=Habits(looks=0.95, wanders=0.3, fussy=0.5),
    ),
    "dirty": World("machines, doubled, late and absurd events, and reused ids", trouble=_DIRTY),
    "small": World("a tenth of the visitors", sessions=100),
    "herd": World("everybody likes the same, so that nothing beats popular items", Herd),
    "blind": World(
        "nobody looks at lists, so that arms do not differ", habits=Habits(looks=0.0, wanders=0.65)
    ),
}


def with_sessions(world: World, sessions: int | None) -> World:
    """The same with another number of sessions a day; None for as many as is usual."""
    return world if sessions is None else replace(world, sessions=sessions)
