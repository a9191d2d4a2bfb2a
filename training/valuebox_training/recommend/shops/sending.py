"""What a made-up shop sends: its visitors' events, and those of machines, as they arrive."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np

from valuebox_training.recommend.shops.catalogue import DEPARTMENTS, Stock
from valuebox_training.recommend.shops.visits import Step

Event = dict[str, Any]
"""As `POST /v1/events` takes it."""
CURRENCY: Final = "EUR"


@dataclass(frozen=True)
class Trouble:
    """What goes wrong in a shop."""

    bots: float = 0.005
    """Sessions of machines, beside those of visitors."""
    late: float = 0.01
    """Share of events that arrive hours or days later."""
    doubled: float = 0.01
    """Share of events that are sent twice."""
    reused: float = 0.01
    """Share of sessions with the id of one of the day before."""
    silent: float = 0.2
    """Share of clicks of which nobody tells which list they came from."""
    askew: float = 0.0
    """Share of sessions on devices whose clock is a year ahead."""
    nowhere: float = 0.0
    """Share of views that name no item, or one that the shop does not have."""
    untold: float = 0.0
    """Share of items that the shop tells nothing of but in views."""


class Shown(NamedTuple):
    """A list that a visitor has got."""

    id: str
    items: list[int]
    """Places of items; -1 for one that the shop does not have."""
    own: bool
    """Whether the shop's old system made it, which tells of its lists as events."""


class Walk(NamedTuple):
    """A visit, with the lists that were shown on each page."""

    session: str
    began: datetime
    steps: Sequence[Step]
    shown: Sequence[Shown]
    """A list for each step, or fewer where the last pages had none."""


class Sender:
    """Writes events, and holds those back that arrive later.

    Args:
        source: The shop.
        stock: What there is.
        trouble: What goes wrong.
        seed: Of what goes wrong.
    """

    def __init__(self, source: str, stock: Stock, trouble: Trouble, seed: int):
        self._source, self._stock, self._trouble, self._seed = source, stock, trouble, seed
        self._draw = np.random.default_rng([14, seed])
        self._waiting: list[tuple[float, Event]] = []
        """Events with the day on which they arrive."""

    def began_on(self, day: int) -> None:
        """Begin a day: what goes wrong on a day does not hang on those before."""
        self._draw = np.random.default_rng([14, self._seed, day])

    def of_visit(self, walk: Walk) -> list[Event]:
        """What is sent of a visit, in order."""
        draw, trouble = self._draw, self._trouble
        ahead = timedelta(days=365 if draw.random() < trouble.askew else 0)
        found: list[Event] = []
        for number, step in enumerate(walk.steps):
            at = walk.began + ahead + timedelta(seconds=step.seconds)
            before = walk.shown[number - 1] if number else None
            via = None
            if before is not None and step.clicked is not None and draw.random() >= trouble.silent:
                via = before.id
            named = f"{walk.session}-{walk.began:%d%H%M%S}-{number}"
            found.append(self._viewed(named, walk.session, at, step.item, via))
            if number < len(walk.shown) and walk.shown[number].own:
                found.append(self._listed(walk.shown[number], walk.session, at))
            if step.bought and step.item is not None:
                later = at + timedelta(seconds=90)
                found.append(self._sold(f"{named}-b", walk.session, later, step.item))
        return found

    def of_machine(self, session: str, began: datetime, views: int, pace: float) -> list[Event]:
        """What is sent of a machine that looks at one item after the other.

        Args:
            session: Its id.
            began: When it begins.
            views: How many items it looks at.
            pace: Mean seconds between them.
        """
        waits = self._draw.exponential(pace, views).cumsum().tolist()
        items = self._draw.integers(0, len(self._stock.ids), views).tolist()
        named = f"{session}-{began:%d%H%M%S}"
        pairs = zip(waits, items, strict=True)
        return [
            self._viewed(f"{named}-{number}", session, began + timedelta(seconds=wait), item, None)
            for number, (wait, item) in enumerate(pairs)
        ]

    def sent(self, events: Sequence[Event], day: float) -> list[Event]:
        """What arrives of events by the end of a part of a day, and what has waited for it.

        Events are in order of time but for those of a batch that are mixed up.

        Args:
            events: What happened, in any order.
            day: Until when, in days.
        """
        draw, trouble = self._draw, self._trouble
        ready = [one for known, one in self._waiting if known <= day]
        self._waiting = [one for one in self._waiting if one[0] > day]
        chance = draw.random((len(events), 2))
        for one, (late, doubled) in zip(events, chance.tolist(), strict=True):
            if late < trouble.late:
                self._waiting.append((day + float(draw.exponential(0.5)), one))
            else:
                ready.append(one)
            if doubled < trouble.doubled:
                self._waiting.append((day + float(draw.exponential(0.2)), one))
        ready.sort(key=lambda one: one["time"])
        for place in np.flatnonzero(draw.random(len(ready)) < trouble.late).tolist():
            other = int(draw.integers(0, len(ready)))
            ready[place], ready[other] = ready[other], ready[place]
        return ready

    def _viewed(
        self, named: str, session: str, at: datetime, item: int | None, via: str | None
    ) -> Event:
        told: dict[str, Any] = {}
        if item is not None:
            told["item"] = self._stock.ids[item]
            told["category"] = DEPARTMENTS[self._stock.category[item]]
            told["price"] = float(self._stock.price[item])
        if self._trouble.nowhere and self._draw.random() < self._trouble.nowhere:
            told = {"item": "sku-gone"} if self._draw.random() < 0.5 else {}
        if via is not None:
            told["via"] = via
        what = "home" if item is None else "view"
        return self._event(named, session, what, at, properties=told)

    def _listed(self, shown: Shown, session: str, at: datetime) -> Event:
        told = {"items": [self._stock.ids[one] for one in shown.items], "place": "page"}
        return self._event(shown.id, session, "shown", at, properties=told)

    def _sold(self, named: str, session: str, at: datetime, item: int) -> Event:
        told = {"item": self._stock.ids[item], "category": DEPARTMENTS[self._stock.category[item]]}
        money = {"amount": float(self._stock.price[item]), "currency": CURRENCY}
        return self._event(named, session, "bought", at, properties=told, **money)

    def _event(self, named: str, session: str, what: str, at: datetime, **told: Any) -> Event:
        return {
            "source": self._source,
            "id": named,
            "session": session,
            "type": what,
            "time": at.isoformat(timespec="milliseconds"),
            **told,
        }


def flat(events: Iterable[Event]) -> Iterable[Event]:
    """Lines of a file with events, each with its properties beside all else.

    The mapping `shop-visits` reads them.
    """
    for one in events:
        line = {name: value for name, value in one.items() if name not in ("source", "properties")}
        yield line | one.get("properties", {})
