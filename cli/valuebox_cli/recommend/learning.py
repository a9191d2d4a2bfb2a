"""What a shop's sessions teach: a setting and rankers, each kept where it proves to be better."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from valuebox.compartments.recommend.lists import read_lists
from valuebox.compartments.recommend.model import KIND, Learned, RecommendModel, load
from valuebox.compartments.recommend.ranking.ranker import Ranker
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.compartments.recommend.reading import Views, read_views
from valuebox.compartments.recommend.stock import Stock
from valuebox.errors import ValueboxError
from valuebox.models.registry import ArtifactMissing
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox_training.recommend.clicked import Estimate, Taught, learn_of_clicks
from valuebox_training.recommend.questions import Log
from valuebox_training.recommend.ranking import Catalogue, Learning, NothingToRank, learn_ranker
from valuebox_training.recommend.tuning import Tuned, tune

if TYPE_CHECKING:
    from distributed import Client

NONE: Final = "-"


def learned_of(tag: str, source: str) -> Learned:
    """What a model has learned of a shop; the usual where it has not, or `tag` is `-`.

    Raises:
        ArtifactRefused: where the model cannot be used.
    """
    if tag == NONE:
        return Learned()
    try:
        return load(tag).shops.get(source, Learned())
    except ArtifactMissing:
        if tag == KIND:
            return Learned()
        raise


def views_of(store: Store, source: str) -> Views:
    """Every view of a shop that is stored.

    Raises:
        ValueboxError: where there is none.
    """
    with store.reading() as session:
        views = read_views(session, source, CLOCK.moment())
    if not len(views):
        raise ValueboxError(f"no view of an item of the source {source!r} is stored")
    return views


def catalogue_of(store: Store, source: str) -> Catalogue | None:
    """What is known of a shop's items; None where that is nothing."""
    stock = Stock(source)
    with store.reading() as session:
        stock.take(session, CLOCK.moment())
    return stock.catalogue()


def learn(store: Store, source: str, name: str, client: "Client | None" = None) -> list[str]:
    """Learn of a shop, save a model, and tell what was found, a line each.

    Args:
        store: Where the views are.
        source: The shop.
        name: Of the model in the model store.
        client: Of a Dask cluster that tries settings and learns rankers; None does so here.

    Raises:
        ValueboxError: where no view of the shop is stored.
    """
    views = views_of(store, source)
    catalogue = catalogue_of(store, source)
    with store.reading() as session:
        lists = read_lists(session, source)
    log = Log.of(*views, Setting())
    tuned = tune(log, Setting(), client=client)
    rankers: dict[str, Ranker | None] = {}
    said = [_of_tuning(tuned)]
    for kind, fresh in (("fresh", True), ("repeating", False)):
        rankers[kind], line = _ranker(log, tuned.setting, fresh, catalogue, client)
        said.append(line)
    found = learn_of_clicks(log, lists, tuned.setting, rankers["fresh"], catalogue)
    said += _of_clicks(found)
    learned = Learned(tuned.setting, **rankers, counting=found.counting)
    tag = save(learned, log, source, name, said)
    return [*said, f"learned from {len(views):,} views, saved as {tag}"]


def save(learned: Learned, log: Log, source: str, name: str, said: list[str]) -> str:
    """Save what was learned of a shop beside what is known of others, and return the tag."""
    model = RecommendModel({**shops_of(name), source: learned})
    counts = {
        "views": len(log.clicks.items),
        "items": len(log.item_ids),
        "sessions": len(log.clicks.keys),
    }
    metadata: Mapping[str, Any] = {"shops": list(model.shops), source: counts | {"found": said}}
    return model.save(name, {}, dict(metadata))


def _ranker(
    log: Log,
    setting: Setting,
    fresh: bool,
    catalogue: Catalogue | None,
    client: "Client | None",
) -> tuple[Ranker | None, str]:
    what = "fresh lists" if fresh else "lists that may repeat the item being looked at"
    try:
        how = Learning(fresh=fresh)
        found = learn_ranker(log, setting, how, 0, 2, catalogue, client)
    except NothingToRank as error:
        return None, f"{what} are not ranked: {error}"
    gained = f"{found.gain.mean:+.4f} ± {2 * found.gain.error:.4f} in NDCG@20"
    if not found.is_better:
        return None, f"{what} are not ranked: a ranker is not surely better ({gained})"
    return found.ranker, f"{what} are ranked: {gained}"


def _of_tuning(tuned: Tuned) -> str:
    if tuned.tried == Setting():
        return "the usual setting stays: nothing that was tried is better"
    gained = f"{tuned.gain.mean:+.4f} ± {2 * tuned.gain.error:.4f} in NDCG@20"
    if tuned.setting == Setting():
        return f"the usual setting stays: the best that was tried is not surely better ({gained})"
    changed = tuned.setting.model_dump(exclude_defaults=True)
    return f"the setting of the shop is {changed}: {gained}"


def _of_clicks(found: Taught) -> list[str]:
    strength, less, again, likeness = found.counting
    if not math.isfinite(found.discount.error):
        return [
            f"clicks on lists say nothing yet: {found.lists:,} lists were clicked; popular items "
            f"count less, {less:.2f}, items seen before {again:.2f}, and items like them more, "
            f"{likeness:.2f}, as is usual"
        ]
    return [
        f"{found.lists:,} clicked lists teach what counts on fresh lists, beside what is usual:",
        f"what is seen next counts {strength:.2f}: {_about(found.strength)}",
        f"popular items count less, {less:.2f}: {_about(found.discount)}",
        f"items seen before count {again:.2f}: log {_about(found.again)}",
        f"items like them count more, {likeness:.2f}: {_about(found.likeness)}",
    ]


def _about(one: Estimate) -> str:
    return f"{one.estimate:.2f} ± {2 * one.error:.2f}"


def shops_of(name: str) -> Mapping[str, Learned]:
    """What the newest model of a name has learned of shops; nothing where there is none."""
    try:
        return load(name).shops
    except ArtifactMissing:
        return {}
