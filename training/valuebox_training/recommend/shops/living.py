"""Living through a made-up shop: visitors come, are shown lists by whoever hosts it, and react."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from valuebox_training.recommend.shops.catalogue import Places, Stock
from valuebox_training.recommend.shops.sending import Event, Sender, Shown, Walk
from valuebox_training.recommend.shops.truth import Tally
from valuebox_training.recommend.shops.visits import Visit
from valuebox_training.recommend.shops.worlds import Shop

HOURS: Final = 24
_BUSY: Final = np.array([*[2] * 7, 4, 6, *[8] * 8, *[10] * 5, 8, 4], dtype=float)
"""How many come in each hour of a day, beside the others."""
_WEEK: Final = (1.0, 0.95, 0.95, 1.0, 1.05, 1.2, 1.15)
_ASKED: Final = 10
"""Lists that a machine asks for, where it runs what is on a page."""


class Page(NamedTuple):
    """A visitor on a page, for whom a list is wanted."""

    session: str
    seen: list[str]
    """Ids of items that were looked at, the latest last."""
    at: datetime


class Listener(Protocol):
    """Who hears of items and events."""

    def morning(self, day: int, now: datetime, items: Sequence[dict[str, Any]]) -> None:
        """Told when a day begins, with the items of which there is something new to tell."""

    def hear(self, events: Sequence[Event]) -> None:
        """Told what has arrived."""


class Host(Listener, Protocol):
    """Who shows lists, too."""

    def listed(self, page: Page, arm: str | None = None) -> tuple[Shown, str]:
        """A list, and its arm; with an arm a list of that kind which counts in no experiment."""

    def each(self, work: Callable[[Visit], None], visits: Sequence[Visit]) -> None:
        """Have visits that go on at the same time do something."""


class Lived(NamedTuple):
    """What is known in the end."""

    events: int
    """How many were sent."""
    came: dict[str, Tally]
    """Visits by the arm that they were in."""
    truth: dict[str, Tally]
    """What all visits would have been in each arm; empty where that was not asked for."""
    oracle: Tally
    """What they would have been with lists of what each visitor likes most."""


class Days:
    """Lives through days of a shop.

    Args:
        shop: The shop.
        seed: Of what happens by chance.
        start: When the first of all days begins.
        source: The shop, as events call it.
        wants_truth: Whether every visit is lived once more in each other arm.
    """

    def __init__(
        self, shop: Shop, seed: int, start: datetime, source: str, wants_truth: bool = False
    ):
        self._shop, self._seed, self._start, self._source = shop, seed, start, source
        self._wants_truth = wants_truth
        self._sender = Sender(source, shop.stock, shop.world.trouble, seed)
        self._untold = self._silent_about()

    def live(self, days: range, host: Host, arms: Sequence[str] = ()) -> Lived:
        """Live through some days.

        Args:
            days: Which ones, counted from 0; those before are taken to have been lived through.
            host: Who shows lists, and hears of events.
            arms: Names of arms, for the truth about each.
        """
        lived = Lived(0, {}, {arm: Tally(self._shop.stock) for arm in arms}, self._tally())
        sent = 0
        for day in days:
            self._sender.began_on(day)
            host.morning(day, self._moment(day), self._told(day, day == days.start))
            stock = self._shop.on(day)
            draw = np.random.default_rng([15, self._seed, day])
            begins = self._begins(draw, day)
            reused = draw.random(len(begins)) < self._shop.world.trouble.reused
            names = [
                f"s-{day - bool(again and day)}-{number if not again else number // 2}"
                for number, again in enumerate(reused.tolist())
            ]
            machines = self._machines(draw, day)
            for hour in range(HOURS):
                events: list[Event] = []
                until = day + (hour + 1) / HOURS
                inside = (day + hour / HOURS <= begins) & (begins < until)
                self._visits(day, stock, np.flatnonzero(inside), begins, names, host, lived, events)
                for began, session in machines:
                    if day + hour / HOURS <= began < until:
                        events += self._machine(session, began, host, day)
                arrived = self._sender.sent(events, until)
                sent += len(arrived)
                if arrived:
                    host.hear(arrived)
        return lived._replace(events=sent)

    def _visits(
        self,
        day: int,
        stock: Stock,
        numbers: Places,
        begins: Any,
        names: list[str],
        host: Host,
        lived: Lived,
        events: list[Event],
    ) -> None:
        world = self._shop.world
        walks: dict[int, tuple[Walk, str]] = {}
        twins: dict[int, dict[str, tuple[Visit, int]]] = {}

        def visit_of(number: int) -> Visit:
            seed = (16, self._seed, day, number)
            return Visit(stock, self._shop.tastes, world.habits, begins[number], seed)

        def live(visit: Visit) -> None:
            number = places[id(visit)]
            began = self._moment(begins[number])
            shown, arm = self._walk(visit, names[number], began, host, None)
            walks[number] = Walk(names[number], began, visit.steps, shown), arm
            twins[number] = {arm: (visit, len(shown))}
            for other in lived.truth if self._wants_truth else ():
                if other != arm:
                    twin = visit_of(number)
                    lists, _ = self._walk(twin, names[number], began, host, other)
                    twins[number][other] = twin, len(lists)

        visits = [visit_of(number) for number in numbers.tolist()]
        places = {id(one): number for one, number in zip(visits, numbers.tolist(), strict=True)}
        host.each(live, visits)
        # In their order, whichever of those who ask at once came first.
        for number in numbers.tolist():
            walk, arm = walks[number]
            events += self._sender.of_visit(walk)
            lived.came.setdefault(arm, self._tally()).add(walk.steps, len(walk.shown))
            for name, (visit, lists) in twins[number].items():
                if name in lived.truth:
                    lived.truth[name].add(visit.steps, lists)
            best = visit_of(number)
            best.begin()
            while best.react(best.best()) is not None:
                pass
            lived.oracle.add(best.steps, len(best.steps))

    def _walk(
        self, visit: Visit, session: str, began: datetime, host: Host, arm: str | None
    ) -> tuple[list[Shown], str]:
        ids = self._shop.stock.ids
        step, shown, said = visit.begin(), list[Shown](), ""
        while True:
            seen = [ids[place] for place in visit.seen]
            page = Page(session, seen, began + timedelta(seconds=step.seconds))
            one, is_arm = host.listed(page, arm)
            shown.append(one)
            said = said or is_arm
            found = visit.react(one.items)
            if found is None:
                return shown, said
            step = found

    def _machine(self, session: str, began: float, host: Host, day: int) -> list[Event]:
        draw = np.random.default_rng([17, self._seed, day, int(began * 1e6) % 2**31])
        is_fast = draw.random() < 0.7
        views = int(draw.integers(100, 600 if is_fast else 300))
        pace = 0.6 if is_fast else 3.0
        found = self._sender.of_machine(session, self._moment(began), views, pace)
        if draw.random() < 0.5:
            for one in found[:_ASKED]:
                seen = [item for item in [one["properties"].get("item")] if item is not None]
                host.listed(Page(session, seen, datetime.fromisoformat(one["time"])))
        return found

    def _begins(self, draw: np.random.Generator, day: int) -> Any:
        count = draw.poisson(self._shop.world.sessions * _WEEK[day % 7])
        hour = draw.choice(HOURS, count, p=_BUSY / _BUSY.sum())
        return np.sort(day + (hour + draw.random(count)) / HOURS)

    def _machines(self, draw: np.random.Generator, day: int) -> list[tuple[float, str]]:
        world = self._shop.world
        count = draw.poisson(world.sessions * world.trouble.bots)
        begins = day + draw.random(count)
        return [(begin, f"m-{day}-{number}") for number, begin in enumerate(begins.tolist())]

    def _told(self, day: int, is_first: bool) -> list[dict[str, Any]]:
        """Items of which there is something to tell: all of them, or what changed since."""
        stock = self._shop.stock
        there = stock.there(day)
        changed = there if is_first else there != stock.there(day - 1)
        return stock.told(self._source, np.flatnonzero(changed & ~self._untold), day)

    def _silent_about(self) -> Any:
        share = self._shop.world.trouble.untold
        return np.random.default_rng([18, self._seed]).random(len(self._shop.stock.ids)) < share

    def _tally(self) -> Tally:
        return Tally(self._shop.stock)

    def _moment(self, day: float) -> datetime:
        return self._start + timedelta(days=day)
