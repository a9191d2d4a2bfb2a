"""Build the index of a shop out of its views, and put it where all workers find it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.compartments.recommend.reading import has_more_views, read_views
from valuebox.compartments.recommend.repository import forgotten_at
from valuebox.compartments.recommend.shelf import Shelf
from valuebox.compartments.recommend.stock import SETTLED
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store

_MANY: Final = 200_000
"""Views from which on building an index of them would delay answers."""


def build_index(store: Store, source: str, folder: str, setting: Mapping[str, Any]) -> None:
    """Build an index of all views that are there by now; the caller is alone at that.

    Args:
        store: Where views are.
        source: The shop.
        folder: Where indexes are, common to all processes of the service.
        setting: How the index is asked, as JSON has it: another process may be told.
    """
    until = CLOCK.moment() - SETTLED
    with store.reading() as session:
        # Whoever is forgotten later may have been read, and it is built anew then.
        forgotten = forgotten_at(session, source)
        views = read_views(session, source, until)
    index = Index.build(*views, Setting.model_validate(setting))
    Shelf(Path(folder), source).put(index, until, forgotten)


def takes_long(session: Session, source: str) -> bool:
    """Whether a shop has so many views that building an index of them would delay answers."""
    return has_more_views(session, source, _MANY)
