"""Ways to recommend beside each other, on the last sessions of a shop.

All of them learn from what came before these sessions: what a model of today would say of them is
no proof, as it has learned from them.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from valuebox.compartments.recommend.ranking.clicks import Clicks
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.errors import ValueboxError
from valuebox_training.recommend.judging import WANTED, Judged, Lists, judged, listed
from valuebox_training.recommend.measuring import Gain, gain
from valuebox_training.recommend.questions import Log, Question
from valuebox_training.recommend.ranking import (
    Catalogue,
    Learning,
    NothingToRank,
    learn_ranker,
)
from valuebox_training.recommend.references import Neighbours, Popular, Rules, Scores
from valuebox_training.recommend.tuning import tune
from valuebox_training.sharing import each

if TYPE_CHECKING:
    from distributed import Client

_SHARE: Final = 0.1
"""Share of the sessions that are asked about, at most."""
USUAL, TUNED, RANKED = "valuebox", "valuebox, tuned", "valuebox, tuned and ranked"


class NothingToAsk(ValueboxError):
    """The shop has too few sessions of several views."""


class Evaluation(NamedTuple):
    """Ways to recommend, judged by what visitors looked at next."""

    begins: float
    """When the sessions that were asked about begin, in seconds since 1970."""
    sessions: int
    ways: dict[str, Judged]
    """By name, the references first."""

    @property
    def best_reference(self) -> str:
        """Which reference has the highest discounted gain."""
        references = [name for name in self.ways if name not in (USUAL, TUNED, RANKED)]
        return max(references, key=lambda name: self._discounted(name))

    @property
    def ours(self) -> str:
        """What `train` would have made of the sessions before."""
        return [name for name in (USUAL, TUNED, RANKED) if name in self.ways][-1]

    @property
    def gain(self) -> Gain:
        """By how much ours is better than the best reference, in NDCG@20."""
        return gain(self.ways[self.ours].measured, self.ways[self.best_reference].measured)

    def _discounted(self, name: str) -> float:
        return float(self.ways[name].measured.discounted.sum())


def evaluate(
    log: Log,
    setting: Setting,
    fresh: bool = True,
    most: int = 2_000,
    seed: int = 0,
    threads: int = 1,
    ranked: Learning | None = None,
    catalogue: Catalogue | None = None,
    client: "Client | None" = None,
) -> Evaluation:
    """Ask all ways what visitors of the last sessions looked at next.

    Args:
        log: Sessions of a shop.
        setting: The usual one.
        fresh: Whether the item being looked at is left out of lists.
        most: Questions at most.
        seed: Of samples.
        threads: Processors that trees may take.
        ranked: How a ranker learns; None for the usual way.
        catalogue: What is known of items, for the ranker; None for nothing.
        client: Of a Dask cluster that asks references and learns; None does so here.

    Raises:
        NothingToAsk: where no session can be asked about.
    """
    borders = log.stretches(1, _SHARE, 10 * most)
    questions = log.questions(borders[0], np.inf, most, seed) if borders else []
    if fresh:
        questions = [one for one in questions if one.next != one.seen[-1]]
    if not questions:
        raise NothingToAsk("too few sessions have several views to be asked about")
    clicks = log.clicks
    earlier = Log(clicks.where(clicks.ended < borders[0]), log.item_ids)
    clicked = np.bincount(earlier.clicks.items, minlength=len(log.item_ids))
    how = ranked or Learning(fresh=fresh)
    ways = {
        name: judged(clicked, questions, lists, fresh)
        for name, lists in (
            *references(earlier, questions, client),
            *_ours(
                *(log.before(borders[0], setting), earlier, questions, setting, how, threads),
                *(catalogue, client),
            ),
        )
    }
    return Evaluation(borders[0], len({one.session for one in questions}), ways)


_REFERENCES: Final[dict[str, Callable[[Clicks], Popular | Rules | Neighbours]]] = {
    "popular": Popular,
    "popular of the last day": partial(Popular, lately=True),
    "AR": partial(Rules, in_order=False),
    "SR": partial(Rules, in_order=True),
    "SKNN": partial(Neighbours, kind="SKNN"),
    "V-SKNN": partial(Neighbours, kind="V-SKNN"),
    "STAN": partial(Neighbours, kind="STAN"),
}


def references(
    log: Log, questions: list[Question], client: "Client | None" = None
) -> Iterator[tuple[str, Lists]]:
    """Names of references of the literature, and their lists."""
    return zip(_REFERENCES, each(client, _lists, _REFERENCES, log.clicks, questions), strict=True)


def _lists(clicks: Clicks, questions: list[Question], name: str) -> Lists:
    return _by(_REFERENCES[name](clicks).scores, questions)


def _by(scores: Callable[[list[int]], Scores], questions: list[Question]) -> Lists:
    return [listed(scores, one.seen) for one in questions]


def lists_of(recommender: Recommender, questions: list[Question], fresh: bool) -> Lists:
    """The lists of one of our ways."""
    return [recommender.best(one.seen, WANTED, fresh=fresh).tolist() for one in questions]


def _ours(
    index: Index,
    earlier: Log,
    questions: list[Question],
    setting: Setting,
    how: Learning,
    threads: int,
    catalogue: Catalogue | None,
    client: "Client | None",
) -> Iterator[tuple[str, Lists]]:
    yield USUAL, lists_of(Recommender(index), questions, how.fresh)
    tuned = tune(earlier, setting, fresh=how.fresh, client=client).setting
    if tuned != setting:
        yield TUNED, lists_of(Recommender(index, setting=tuned), questions, how.fresh)
    try:
        learned = learn_ranker(earlier, tuned, how, 0, threads, catalogue, client)
    except NothingToRank:
        return
    if learned.is_better:
        known = None if catalogue is None else catalogue(index)
        with_it = Recommender(index, None, learned.ranker, known, setting=tuned)
        yield RANKED, lists_of(with_it, questions, how.fresh)
