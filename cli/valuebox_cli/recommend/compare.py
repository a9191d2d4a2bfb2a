"""Two models of recommend, judged by the newest sessions of the shops that they know."""

from datetime import datetime

import numpy as np

from valuebox.compartments.loading import LoadedModel
from valuebox.compartments.recommend.model import Learned, load
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.compartments.recommend.reading import read_views
from valuebox.pages.readable import NOTHING
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox_cli.recommend.learning import catalogue_of
from valuebox_cli.terminal.console import out
from valuebox_cli.terminal.options import migrated_store
from valuebox_cli.terminal.tabular import print_table
from valuebox_training.recommend.measuring import Measured, gain, measured
from valuebox_training.recommend.questions import Log

_SHARE, _MOST = 0.1, 5_000
"""Share of a shop's sessions that are asked about, the newest, and questions at most."""


def compare(
    first: LoadedModel,
    second: LoadedModel,
    joined_from: datetime | None,
    joined_before: datetime | None,
    database_url: str | None,
) -> None:
    """Print how well each foretells what was looked at next in the newest sessions of each shop.

    Args:
        first: A model.
        second: Another one.
        joined_from: Not looked at: the newest sessions are asked about, whenever they were.
        joined_before: Moment before which views were received that are looked at; None for now.
        database_url: Where views are stored.
    """
    models = load(first.tag), load(second.tag)
    out.print(f"{first.tag} beside {second.tag}", soft_wrap=True, markup=False)
    rows = []
    with migrated_store(database_url) as store:
        for source in sorted({*models[0].shops, *models[1].shops}):
            learned = [one.shops.get(source, Learned()) for one in models]
            rows.append((source, *_judged(store, source, learned, joined_before)))
    print_table(
        "Fresh lists of twenty, beside what was looked at next",
        ["shop", "questions", "found", "found", "first", "first", "difference"],
        rows,
        caption="found: share of next items that are in the list; first: mean of 1 ÷ place; "
        "difference: of NDCG@20",
    )


def _judged(
    store: Store, source: str, learned: list[Learned], before: datetime | None
) -> tuple[str, ...]:
    with store.reading() as session:
        views = read_views(session, source, before or CLOCK.moment())
    log = Log.of(*views, Setting())
    borders = log.stretches(1, _SHARE, _MOST)
    questions = log.questions(borders[0], np.inf, _MOST, 0) if borders else []
    if not questions:
        return ("0", *[NOTHING] * 5)
    catalogue = catalogue_of(store, source)
    found: list[Measured] = []
    for one in learned:
        index = log.before(borders[0], one.setting)
        known = None if catalogue is None else catalogue(index)
        found.append(measured(Recommender(index, None, one.fresh, known), questions))
    difference = gain(found[1], found[0])
    spread = 2 * difference.error if np.isfinite(difference.error) else 0.0
    return (
        f"{len(found[0].rank):,}",
        *(f"{one.hit_rate:.3f}" for one in found),
        *(f"{one.reciprocal:.3f}" for one in found),
        f"{difference.mean:+.4f} ± {spread:.4f}",
    )
