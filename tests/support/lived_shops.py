"""Weeks of a made-up shop: a fortnight of an old system, then days of an experiment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from valuebox.compartments.recommend.catalogue import put_items
from valuebox.compartments.recommend.experiments import begin_experiment
from valuebox.compartments.recommend.proof.schemas import Experiment
from valuebox.compartments.recommend.schemas import ShopItem
from valuebox.facts.repository import put_events
from valuebox.facts.schemas import Events
from valuebox.store.engine import Store
from valuebox_cli.recommend.visiting import served
from valuebox_training.recommend.shops.living import Days, Lived
from valuebox_training.recommend.shops.old_system import OldSystem
from valuebox_training.recommend.shops.sending import Event
from valuebox_training.recommend.shops.worlds import Shop

SOURCE: Final = "shop"
NAME: Final = "spring"
ARMS: Final = ("popular", "personal")
BEFORE: Final = 14


class Into:
    """Stores what a shop sends.

    Args:
        store: Where to.
    """

    def __init__(self, store: Store):
        self._store = store

    def morning(self, day: int, now: datetime, items: Sequence[dict[str, Any]]) -> None:
        """Store items."""
        if not items:
            return
        with self._store.writing() as session:
            put_items(session, [ShopItem.model_validate(one) for one in items])

    def hear(self, events: Sequence[Event]) -> None:
        """Store events."""
        with self._store.writing() as session:
            put_events(session, Events.model_validate(list(events)).columns)


def live_before(store: Store, shop: Shop, seed: int, start: datetime) -> None:
    """Store a fortnight in which an old system makes the lists."""
    host = OldSystem(shop, seed, [Into(store)])
    Days(shop, seed, start, SOURCE).live(range(BEFORE), host)


def live_experiment(
    store: Store,
    url: str,
    shop: Shop,
    seed: int,
    start: datetime,
    days: int = 7,
    wants_truth: bool = False,
) -> Lived:
    """Begin an experiment of two halves, and live on for some days with lists of a service.

    Args:
        store: That of the service.
        url: Of the service.
        shop: The shop, and how many come on a day.
        seed: Of the visitors.
        start: When the fortnight before began.
        days: How many to live through.
        wants_truth: Whether every visit is lived once more in the other arm.
    """
    laid = Experiment(name=NAME, shares=dict.fromkeys(ARMS, 0.5), margins={"order_value": 0.25})
    with store.writing() as session:
        begin_experiment(session, SOURCE, laid)
    with served(url, shop, SOURCE) as host:
        living = Days(shop, seed, start, SOURCE, wants_truth)
        return living.live(range(BEFORE, BEFORE + days), host, ARMS if wants_truth else ())
