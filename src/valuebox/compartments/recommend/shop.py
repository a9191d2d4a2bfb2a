"""What a process knows of a shop: an index of its views, those that came since, and its items."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock
from typing import Any, Final

import numpy as np
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.building import build_index, takes_long
from valuebox.compartments.recommend.catalogue import Known
from valuebox.compartments.recommend.model import Learned, RecommendModel
from valuebox.compartments.recommend.ranking.delta import Delta
from valuebox.compartments.recommend.ranking.index import Index, IndexRefused
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.reading import Newest, has_views, read_newest
from valuebox.compartments.recommend.repository import Running, forgotten_at, running
from valuebox.compartments.recommend.shelf import Shelf
from valuebox.compartments.recommend.stock import SETTLED, Stock
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.worker.apart import run_apart

OLD: Final = timedelta(hours=1)
"""Age from which on an index is built anew, where views have come since."""
_MANY: Final = 200_000
"""Views that have come since an index was built, from which on it is built anew."""
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

_log = logging.getLogger("valuebox")


@dataclass(frozen=True)
class Snapshot:
    """What a list is made of; nothing of it is ever changed."""

    fresh: Recommender
    """Recommends without the item that is looked at."""
    repeating: Recommender
    """Recommends whatever was looked at before, too."""
    items: Mapping[str, Known]
    """What is known of the shop's items, by id; see `Stock`."""
    experiment: Running | None
    built_at: datetime
    """Until when views had been received that the index is made of."""
    looked_at: datetime
    """When the newest views were looked for."""
    model: str | None
    has_boosts: bool
    """Whether scores of some items are changed."""

    def may_be_listed(self, item: str) -> bool:
        """Whether an item is known, and available."""
        code = self.fresh.code_of(item)
        return code >= 0 and bool(self.fresh.columns.available[code])


class Shop:
    """Follows what happens in a shop; `snapshot` is swapped whole.

    Args:
        store: Where views and items are.
        source: The shop.
        folder: Where indexes are, common to all processes of the service.
        model: What was learned of shops; None where nothing was.
    """

    def __init__(self, store: Store, source: str, folder: Path, model: RecommendModel | None):
        self.source = source
        self._learned = Learned() if model is None else model.shops.get(source, Learned())
        self._tag = None if model is None else model.tag
        self.snapshot: Snapshot | None = None
        self._store, self._folder, self._shelf = store, str(folder), Shelf(folder, source)
        self._lock = Lock()
        self._index: Index | None = None
        self._until = LONG_AGO
        self._newest: dict[str, Newest] = {}
        self._delta: Delta | None = None
        self._stock = Stock(source)
        self._forgotten_at: datetime | None = None
        self._has_views = False

    def begin(self) -> None:
        """Take what is there, and see whether there will be an index soon."""
        self.follow()
        if self.snapshot is None:
            with self._store.reading() as session:
                self._has_views = has_views(session, self.source)

    @property
    def awaits_index(self) -> bool:
        """Whether there is no index yet, and views that it will be made of."""
        return self.snapshot is None and self._has_views

    def build(self, stopping: Event | None = None) -> bool:
        """Build an index where one is due and nobody else does, and say whether that was so.

        Args:
            stopping: Ends early what takes long; None for nothing that does.

        Raises:
            NotDone: where a process of its own was to build it and has failed.
        """
        if not self._is_due():
            return False
        with self._shelf.alone("building") as is_alone:
            if not is_alone or not self._is_due():
                return False
            asked: dict[str, Any] = {
                "source": self.source,
                "folder": self._folder,
                "setting": self._learned.setting.model_dump(mode="json"),
            }
            with self._store.reading() as session:
                is_long = takes_long(session, self.source)
            if is_long:
                run_apart(self._store, build_index, asked, stopping or Event())
            else:
                build_index(self._store, **asked)
            return True

    def alone_reporting(self) -> AbstractContextManager[bool]:
        """Whether nobody else counts what lists of the shop bring; nobody does until this ends."""
        return self._shelf.alone("reporting")

    def _is_due(self) -> bool:
        newest = self._shelf.newest()
        if newest is None:
            return True
        if self.snapshot is None or self._until != newest.until:
            return False
        if self._forgotten_at != newest.forgotten_at:
            return True
        is_old = CLOCK.moment() - newest.until >= OLD
        return (is_old and bool(self._newest)) or len(self._newest) >= _MANY

    def follow(self) -> None:
        """Look for a newer index, for the newest views, and for items that have changed."""
        with self._lock:
            now = CLOCK.moment()
            is_new = self._take_index()
            with self._store.reading() as session:
                has_gone = self._heed_forgotten(session)
                has_come = self._take_views(session) or has_gone
                if has_gone:
                    self._stock.look_anew()
                has_changed = self._stock.take(session, now) or has_gone
                experiment = running(session, self.source, now)
            index = self._index
            if index is None:
                return
            if is_new or has_come:
                self._delta = self._delta_of(index)
            if is_new or has_changed:
                self._stock.attributes = self._stock.attributes_of(index)
            known = self.snapshot
            if known is None or is_new or has_come or has_changed:
                fresh = Recommender(
                    *(index, self._delta, self._learned.fresh, self._stock.attributes),
                    counting=self._learned.counting,
                )
                both = fresh, fresh.ranked_by(self._learned.repeating)
            else:
                both = known.fresh, known.repeating
            self.snapshot = Snapshot(
                *(*both, self._stock.items, experiment, self._until, now, self._tag),
                has_boosts=any(one.boost != 1.0 for one in self._stock.items.values()),
            )

    def _take_index(self) -> bool:
        newest = self._shelf.newest()
        if newest is None or newest.until == self._until:
            return False
        try:
            index = Index.open(newest.folder)
        except IndexRefused as error:
            _log.error("an index of a shop is built anew", exc_info=error)
            self._shelf.remove(newest)
            return False
        if newest.until < self._until:
            # The one in between could not be read elsewhere: its views are to be found again.
            self._newest = {}
        self._index, self._until = index, newest.until
        self._newest = {
            id_: one for id_, one in self._newest.items() if one.received_at > self._until
        }
        return True

    def _heed_forgotten(self, session: Session) -> bool:
        """Drop all newest views where somebody has been forgotten since, and say whether."""
        at = forgotten_at(session, self.source)
        if at == self._forgotten_at:
            return False
        self._forgotten_at, self._newest = at, {}
        return True

    def _take_views(self, session: Session) -> bool:
        if self._index is None:
            return False
        before = len(self._newest)
        latest = max((one.received_at for one in self._newest.values()), default=LONG_AGO)
        after = max(latest - SETTLED, self._until) if before else self._until
        for one in read_newest(session, self.source, after):
            self._newest[one.id] = one
        return len(self._newest) != before

    def _delta_of(self, index: Index) -> Delta | None:
        if not self._newest:
            return None
        sessions, items, times = zip(
            *((one.session, one.item, one.time) for one in self._newest.values()), strict=True
        )
        ids = sorted(set(items))
        codes = {item: code for code, item in enumerate(ids)}
        return Delta.build(
            index,
            np.array(sessions, dtype=np.int64),
            np.array([codes[one] for one in items], dtype=np.int32),
            np.array(times),
            ids,
        )
