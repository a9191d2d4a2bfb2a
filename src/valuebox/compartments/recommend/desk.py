"""What a worker knows of shops: each is followed from the first time that somebody asks of it."""

import atexit
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from threading import Condition, Event
from time import monotonic
from typing import Final

from valuebox.compartments.recommend.model import RecommendModel
from valuebox.compartments.recommend.reporting import (
    BY_MONTH,
    is_due,
    kept_months,
    make_report,
    takes_long,
    tell,
)
from valuebox.compartments.recommend.repository import asked_lately
from valuebox.compartments.recommend.shop import Shop, Snapshot
from valuebox.store.engine import Store
from valuebox.worker.apart import run_apart
from valuebox.worker.repeating import Repeating
from valuebox.worker.shared_folder import shared_folder

_FOLLOW_SECONDS: Final = 2.0
_BUILD_SECONDS: Final = 1.0
_REPORT_SECONDS: Final = 15.0
_TOLD: Final = 20
"""Shops whose figures Prometheus is told."""
_PATIENCE_SECONDS: Final = 5.0
"""How long questions about a shop wait for its index, since the first of them."""
_MOST: Final = 1_000
"""Shops that are followed: whoever asks about more of them gets no lists."""

_log = logging.getLogger("valuebox")


class RecommendDesk:
    """Has an index of each shop, and knows what has happened there since.

    Args:
        store: Where views and items are.
        model: What was learned of shops; None where nothing was, and the usual settings are used.
    """

    def __init__(self, store: Store, model: RecommendModel | None):
        self.model = model
        self._store = store
        self._shops: dict[str, Shop] = {}
        self._asked_at: dict[str, float] = {}
        """When somebody first asked of a shop without an index, on the monotonic clock."""
        self._changed = Condition()
        self._folder: Path | None = None
        self._is_begun = False

    def snapshot(self, source: str) -> Snapshot | None:
        """What lists of a shop are made of; see `snapshots`."""
        return self.snapshots([source])[source]

    def snapshots(self, sources: Iterable[str]) -> dict[str, Snapshot | None]:
        """What lists of shops are made of; None of each without an index.

        Questions about shops with views and without an index wait until it is built: some seconds
        at most since the first question about a shop, and for all shops together.
        """
        shops = {one: self._shops.get(one) or self._begun(one) for one in sources}
        waited = [one for one in shops.values() if one is not None and one.awaits_index]
        if waited:
            began = max(self._asked_at.setdefault(one.source, monotonic()) for one in waited)
            left = began + _PATIENCE_SECONDS - monotonic()
            with self._changed:
                self._changed.wait_for(
                    lambda: not any(one.awaits_index for one in waited), max(left, 0.0)
                )
        return {name: None if one is None else one.snapshot for name, one in shops.items()}

    def _begun(self, source: str) -> Shop | None:
        """A shop that is followed from now on; None where there are too many."""
        with self._changed:
            shop = self._shops.get(source)
            if shop is not None or len(self._shops) >= _MOST:
                return shop
            shop = Shop(self._store, source, self._in(), self.model)
            # Whoever goes through the shops meanwhile goes through what was.
            self._shops = self._shops | {source: shop}
        # Where another process has built an index, or nothing was viewed, nobody has to wait.
        self._follow(shop, Shop.begin)
        return shop

    def followed(self) -> list[str]:
        """Shops that somebody has asked about."""
        return list(self._shops)

    def follow(self, stopping: Event) -> None:
        """Look once for what is new in every shop."""
        if not self._is_begun:
            # Shops of before a restart are there again before anybody asks.
            with self._store.reading() as session:
                shops = asked_lately(session)
            for source in shops:
                self._begun(source)
            self._is_begun = True
        self._each(stopping, Shop.follow)

    def build(self, stopping: Event) -> None:
        """Build the indexes that are due."""
        self._each(stopping, partial(_built, stopping=stopping))

    def report(self, stopping: Event) -> None:
        """Make the reports that are due, where no other worker does, and tell Prometheus."""
        for place, shop in enumerate(self._shops.values()):
            if stopping.is_set():
                return
            with shop.alone_reporting() as is_alone:
                for name, is_long in self._due(shop).items() if is_alone else ():
                    if is_long:
                        asked = {"source": shop.source, "name": name}
                        run_apart(self._store, make_report, asked, stopping)
                    else:
                        make_report(self._store, shop.source, name)
            # Every shop is a label, which Prometheus keeps: of very many the first are told.
            if place < _TOLD:
                with self._store.reading() as session:
                    months = kept_months(session, shop.source)
                tell(shop.source, [] if months is None else months.figures)

    def _due(self, shop: Shop) -> dict[str, bool]:
        """Reports that are due, and whether each takes long."""
        running = None if shop.snapshot is None else shop.snapshot.experiment
        names = [BY_MONTH] if running is None else [BY_MONTH, running.name]
        with self._store.reading() as session:
            return {
                name: takes_long(session, shop.source, name)
                for name in names
                if is_due(session, shop.source, name)
            }

    def repeating(self) -> tuple[Repeating, ...]:
        """What a worker does again and again so that lists stay fresh."""
        return (
            Repeating(
                *("recommend", self.follow, 0.0, _FOLLOW_SECONDS),
                "what is new in shops cannot be looked for",
            ),
            Repeating(
                *("recommend-report", self.report, _BUILD_SECONDS, _REPORT_SECONDS),
                "what recommendations bring cannot be counted",
            ),
            Repeating(
                *("recommend-index", self.build, 0.0, _BUILD_SECONDS),
                "an index of a shop cannot be built",
            ),
        )

    def _each(self, stopping: Event, work: Callable[[Shop], object]) -> None:
        for shop in self._shops.values():
            if stopping.is_set():
                return
            self._follow(shop, work)

    def _follow(self, shop: Shop, work: Callable[[Shop], object]) -> None:
        try:
            work(shop)
        except Exception as error:
            # What fails in one shop does not keep the others from being followed.
            _log.error("a shop of recommend cannot be followed", exc_info=error)
        with self._changed:
            self._changed.notify_all()

    def _in(self) -> Path:
        """The folder of all indexes; one of its own where the worker was started by itself."""
        if self._folder is None:
            shared = shared_folder()
            self._folder = Path(tempfile.mkdtemp()) if shared is None else shared / "recommend"
            if shared is None:
                atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder


def _built(shop: Shop, stopping: Event) -> None:
    if shop.build(stopping):
        shop.follow()
