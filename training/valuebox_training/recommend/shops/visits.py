"""What a visitor does who is shown lists: looks, clicks, goes on alone, buys, or leaves."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from valuebox_training.recommend.shops.catalogue import Floats, Stock
from valuebox_training.recommend.shops.tastes import Tastes

LISTED: Final = 10
"""Items of a list."""
MOST: Final = 60
"""Views of a visit at most."""
_ALIKE: Final = 2.5
"""How much alike visitors are in their patience."""
_LEAVES, _LOOKS, _WANDERS, _WHERE, _PAUSE, _BUYS, _NOTICES = range(7)
_CLICKS: Final = _NOTICES + LISTED


@dataclass(frozen=True)
class Habits:
    """How visitors of a shop behave."""

    home: float = 0.1
    """Share of visits that begin on a page without an item."""
    tired: float = 0.08
    """Chance to leave after a view, whatever is shown."""
    looks: float = 0.7
    """Chance to look at a list at all."""
    biased: float = 0.7
    """How fast notice falls with the position: its exponent; 0 for not at all."""
    clicks: float = 0.35
    """Chance that an item which is liked very much is clicked where it is noticed."""
    wanders: float = 0.55
    """Chance to find an item without a list, by menus or a search, where none of one is clicked;
    on average, since some are more patient than others."""
    fussy: float = 2.0
    """How much taste, beside popularity, leads those who find items without a list."""
    buys: float = 0.035
    """Chance that an item which is liked very much is bought once it is looked at."""


class Step(NamedTuple):
    """A view of a visit."""

    item: int | None
    """Place of the item; None for the home page."""
    seconds: float
    """Since the visit began."""
    clicked: int | None
    """Position in the list of the page before that was clicked; None where none was."""
    bought: bool


class Visit:
    """A visitor, from the first page on; the same numbers of chance whatever lists are shown.

    So one can ask what the same visitor would have done with other lists.

    Args:
        stock: What there is.
        tastes: What visitors like.
        habits: How they behave.
        day: When the visit begins, in days.
        seed: Of this visitor alone.
    """

    def __init__(
        self, stock: Stock, tastes: Tastes, habits: Habits, day: float, seed: tuple[int, ...]
    ):
        draw = np.random.default_rng(seed)
        self._tastes, self._habits = tastes, habits
        self._liking = tastes.of_visitor(draw)
        self._weight = np.where(stock.there(day), stock.weight, 0.0)
        wanders = habits.wanders
        self._patience = draw.beta(_ALIKE * wanders, _ALIKE * (1 - wanders))
        self._chance = draw.random((MOST, _CLICKS + LISTED))
        self.seen: list[int] = []
        """Places of the items that were looked at."""
        self.steps: list[Step] = []

    def begin(self) -> Step:
        """The first page."""
        first = self._chance[0]
        is_home = first[_LOOKS] < self._habits.home
        item = None if is_home else self._found(first[_WHERE], self._liking)
        return self._seen(item, None)

    def react(self, listed: list[int]) -> Step | None:
        """What the visitor does with the list on a page: the next view, or None to leave.

        Args:
            listed: Places of the items in the list, -1 for one that the shop does not have.
        """
        if len(self.steps) >= MOST:
            return None
        chance, habits = self._chance[len(self.steps)], self._habits
        if chance[_LEAVES] < habits.tired or (self.steps[-1].bought and chance[_LEAVES] < 0.7):
            return None
        liking = self._now()
        if chance[_LOOKS] < habits.looks:
            for position, item in enumerate(listed[:LISTED]):
                is_noticed = chance[_NOTICES + position] < (1 + position) ** -habits.biased
                likely = habits.clicks * self._likely(liking, item) if item >= 0 else 0.0
                if is_noticed and chance[_CLICKS + position] < likely:
                    return self._seen(item, position)
        if chance[_WANDERS] < self._patience:
            return self._seen(self._found(chance[_WHERE], liking), None)
        return None

    def best(self, count: int = LISTED) -> list[int]:
        """The list that an oracle would show: what is liked most by now, and for sale."""
        liking = np.where(self._weight > 0, self._now(), -np.inf)
        liking[self.seen] -= 2.0
        best = np.argpartition(-liking, count)[:count]
        found: list[int] = best[np.argsort(-liking[best], kind="stable")].tolist()
        return found

    def _now(self) -> Floats:
        """What is liked while looking at the last item."""
        return self._tastes.after(self._liking, self.seen[-1]) if self.seen else self._liking

    def _likely(self, liking: Floats, item: int) -> float:
        # What was looked at already is rarely clicked again, and what is sold out never.
        again = 0.15 if item in self.seen else 1.0
        there = 1.0 if self._weight[item] > 0 else 0.0
        return again * there / (1.0 + float(np.exp(-3.0 * (liking[item] - 1.0))))

    def _found(self, aim: float, liking: Floats) -> int:
        ends = np.cumsum(self._weight * np.exp(self._habits.fussy * liking))
        return min(int(np.searchsorted(ends, aim * ends[-1], side="right")), len(ends) - 1)

    def _seen(self, item: int | None, position: int | None) -> Step:
        at = len(self.steps)
        seconds = self.steps[-1].seconds if self.steps else 0.0
        if at:
            # Longer than a machine takes; some pauses last for minutes.
            seconds += 4.0 - 30.0 * float(np.log1p(-self._chance[at, _PAUSE]))
        bought = False
        if item is not None:
            liked = self._likely(self._now(), item)
            self.seen.append(item)
            bought = bool(self._chance[at, _BUYS] < self._habits.buys * liked)
        self.steps.append(Step(item, seconds, position, bought))
        return self.steps[-1]
