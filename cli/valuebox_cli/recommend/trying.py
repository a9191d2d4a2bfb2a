"""Lists for a visitor in the terminal: made as the service makes them, and not stored."""

import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from valuebox.compartments.recommend.catalogue import Known
from valuebox.compartments.recommend.listing import PERSONAL, POPULAR, make
from valuebox.compartments.recommend.model import RecommendModel
from valuebox.compartments.recommend.schemas import MAX_SEEN, RecommendQuestion
from valuebox.compartments.recommend.shop import Shop
from valuebox.errors import ValueboxError
from valuebox.store.engine import Store
from valuebox_cli.recommend.learning import learned_of


class Tried(NamedTuple):
    """Both lists for a visitor."""

    personal: list[dict[str, Any]]
    popular: list[dict[str, Any]]
    fallback: str | None
    """Why the personal list is of popular items; None where it is not."""
    items: Mapping[str, Known]
    """What the shop has told of its items."""

    def called(self, item: str) -> str:
        """The id of an item, and its title where one is known."""
        known = self.items.get(item)
        return item if known is None or not known.title else f"{item} {known.title}"


def lists_of(
    store: Store, source: str, seen: Sequence[str], bought: Collection[str], count: int, tag: str
) -> Tried:
    """Make both lists.

    Args:
        store: Where views and items are.
        source: The shop.
        seen: Items that the visitor has looked at, the latest last.
        bought: Items that the visitor has bought.
        count: Items of each list.
        tag: Model with what was learned of the shop, `-` for none.

    Raises:
        ValueboxError: where nothing is known of the shop.
    """
    model = RecommendModel({source: learned_of(tag, source)})
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(store, source, Path(folder), model)
        shop.build()
        shop.follow()
        snapshot = shop.snapshot
        if snapshot is None or not snapshot.fresh.merged.n_items:
            raise ValueboxError(f"no view of an item of the source {source!r} is stored")
        question = RecommendQuestion.model_validate(
            {"source": source, "session": "tried", "count": count, "explain": True}
        )
        latest = seen[-MAX_SEEN:]
        personal = make(snapshot, question, PERSONAL, latest, bought)
        popular = make(snapshot, question, POPULAR, latest, bought)
        return Tried(personal.items, popular.items, personal.fallback, snapshot.items)
