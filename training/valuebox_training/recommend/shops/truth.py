"""What arms are worth in truth: figures of visits, with no machines and nothing lost."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from valuebox_training.recommend.shops.catalogue import Stock
from valuebox_training.recommend.shops.visits import Step


class Figures(NamedTuple):
    """Figures of visits."""

    sessions: int
    views: float
    """Views a visit."""
    bounces: float
    """Share of visits with a single view, or none."""
    clicks: float
    """Clicked lists, of all."""
    conversion: float
    """Share of visits with an order."""
    order_value: float
    """Money of an order; NaN where there is none."""

    def beside(self, other: "Figures") -> dict[str, float]:
        """By how much each figure differs from another's, as a share of that."""
        return {
            name: getattr(self, name) / getattr(other, name) - 1 if getattr(other, name) else np.nan
            for name in self._fields[1:]
        }


class Tally:
    """Adds visits up.

    Args:
        stock: What there is.
    """

    def __init__(self, stock: Stock):
        self._stock = stock
        self._rows: list[tuple[int, int, int, int, float]] = []

    def add(self, steps: Sequence[Step], lists: int) -> None:
        """Count a visit that was shown as many lists."""
        views = sum(one.item is not None for one in steps)
        clicks = sum(one.clicked is not None for one in steps)
        prices = [
            float(self._stock.price[one.item])
            for one in steps
            if one.bought and one.item is not None
        ]
        self._rows.append((views, clicks, lists, len(prices), sum(prices)))

    def errors(self, other: "Tally") -> dict[str, float]:
        """Standard errors of how views and conversion differ, as `Figures.beside` has them.

        Args:
            other: The same visits, in the same order, with lists of another kind.
        """
        ours, theirs = (np.array(one._rows, dtype=float) for one in (self, other))
        found = {}
        for name, column in (("views", 0), ("conversion", 3)):
            mine, yours = (
                np.minimum(one[:, column], 1.0 if column else np.inf) for one in (ours, theirs)
            )
            mean = max(float(yours.mean()), 1e-9)
            apart = mine - yours * (mine.mean() / mean)
            found[name] = float(apart.std() / len(apart) ** 0.5 / mean)
        return found

    def figures(self) -> Figures:
        """Figures of the visits so far."""
        views, clicks, lists, orders, money = np.array(self._rows or [(0,) * 5], dtype=float).T
        return Figures(
            len(self._rows),
            float(views.mean()),
            float((views <= 1).mean()),
            float(clicks.sum() / max(lists.sum(), 1)),
            float((orders > 0).mean()),
            float(money.sum() / orders.sum()) if orders.any() else np.nan,
        )
