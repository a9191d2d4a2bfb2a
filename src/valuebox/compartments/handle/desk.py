"""What a worker knows of loads: read anew when one came, and applied once to each moment."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Final

from valuebox.compartments.handle.forecasting import Fitted
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.reading import loads_to, newest_load, read_book, second
from valuebox.store.engine import Store

if TYPE_CHECKING:
    from valuebox.compartments.handle.book import Book

_KEPT: Final = 4
"""Moments that are kept ready: answers are asked of the newest load, replays of few others."""


@dataclass(frozen=True)
class Known:
    """What is known at a moment."""

    fitted: Fitted
    loaded_to: datetime
    """When the newest load began that is known."""


class Desk:
    """Has what was loaded in memory, as far as a model needs it.

    Args:
        store: Where loads are.
        model: Whose recipe is applied.
    """

    def __init__(self, store: Store, model: HandleModel):
        self._store, self.model = store, model
        self._lock = Lock()
        self._state: tuple[datetime | None, int] = (None, 0)
        self._book: Book | None = None
        self._ready: OrderedDict[datetime, Fitted] = OrderedDict()

    def known(self, at: datetime) -> Known | None:
        """What is known at a moment; None where no load had come by then."""
        with self._store.reading() as session:
            state, loaded_to = newest_load(session), loads_to(session, at)
            if loaded_to is None:
                return None
            # A single thread reads the book: others would read the same.
            with self._lock:
                if state != self._state or self._book is None:
                    self._book, self._state = read_book(session), state
                    self._ready.clear()
                if loaded_to not in self._ready:
                    cut = self._book.as_of(second(loaded_to))
                    self._ready[loaded_to] = Fitted(self.model.recipe, cut)
                    while len(self._ready) > _KEPT:
                        self._ready.popitem(last=False)
                self._ready.move_to_end(loaded_to)
                return Known(self._ready[loaded_to], loaded_to)
