"""Find the setting of a shop on its own last sessions; where nothing is surely better it stays.

Half of these sessions choose, value by value, and the other half says whether the choice is better
than what was there before: of many that were tried, the best looks better than it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox_training.recommend.measuring import Gain, Measured, gain, measured
from valuebox_training.recommend.questions import Log, Question
from valuebox_training.sharing import Shared

if TYPE_CHECKING:
    from distributed import Client

_GRID: Final[dict[str, tuple[Any, ...]]] = {
    "fading": (0.7, 1.0, 1.5, 3.0, 4.0, 8.0),
    "nearness": (1.0, 2.0, 3.0, 6.0, 10.0, 100.0),
    "rules": (0.0, 0.07, 0.3, 0.6, 1.2),
    "again": (0.0, 1.0, 2.0, 4.0),
    "age": (3.0, 10.0, 30.0, 300.0),
    "reach": (4, 6, 20),
    "neighbours": (100, 250, 1000),
    "latest": (250, 500),
}
"""What is tried of each field. All of it is asked of one index: none makes it another one."""


@dataclass(frozen=True)
class Tuning:
    """How a setting is looked for."""

    share: float = 0.1
    """Share of the sessions that are asked about, at most."""
    most: int = 6_000
    """Questions that are asked, at most."""
    first: float = 0.3
    """Share of the choosing questions that the worse half of the values is left out by."""
    sure: float = 2.0
    """Standard errors by which the choice has to be better in the other half."""
    fewest: int = 300
    """Questions of each half, without which nothing is tried."""


class Tuned(NamedTuple):
    """The setting for a shop."""

    setting: Setting
    """What was chosen; what was there before, where that was not surely better."""
    tried: Setting
    """What was best in the half that chooses."""
    gain: Gain
    """By how much that was better in the other half, by mean discounted gain."""
    questions: int
    """How many questions the other half has."""


_TUNING: Final = Tuning()


def tune(
    log: Log,
    setting: Setting,
    how: Tuning = _TUNING,
    fresh: bool = True,
    seed: int = 0,
    client: "Client | None" = None,
) -> Tuned:
    """Look for the setting of a shop.

    Args:
        log: Sessions of a shop.
        setting: Where to begin, and what stays where nothing is better.
        how: How to look.
        fresh: Whether the item being looked at is left out of answers.
        seed: Of samples.
        client: Of a Dask cluster that tries the values of a field side by side; None tries here.
    """
    nothing = Tuned(setting, setting, Gain(0.0, np.inf), 0)
    borders = log.stretches(1, how.share, how.most)
    if not borders:
        return nothing
    questions = log.questions(borders[0], borders[1], how.most, seed)
    halves = _halves(questions, seed)
    if min(map(len, halves)) < how.fewest:
        return nothing
    index = log.before(borders[0], setting)
    tried = _Search(index, halves[0], how, fresh, setting, client).best(setting)
    if tried == setting:
        return nothing._replace(questions=len(halves[1]))
    asked = Shared(client, _measured, index, fresh, halves[1])
    after, before = asked.each([(tried, None), (setting, None)])
    found = gain(after, before)
    chosen = tried if found.mean > how.sure * found.error else setting
    return Tuned(chosen, tried, found, len(before.rank))


def _measured(
    index: Index, fresh: bool, questions: list[Question], part: tuple[Setting, int | None]
) -> Measured:
    """How a setting answers the first of some questions."""
    setting, count = part
    return measured(Recommender(index, setting=setting), questions[:count], fresh)


class _Search:
    def __init__(
        self,
        index: Index,
        questions: list[Question],
        how: Tuning,
        fresh: bool,
        start: Setting,
        client: "Client | None",
    ):
        self._asked = Shared(client, _measured, index, fresh, questions)
        self._few, self._all = max(int(len(questions) * how.first), 1), len(questions)
        # First places are not bought with hits: a ranker orders what is found, and finds nothing.
        sizes = self._few, self._all
        found = self._asked.each([(start, size) for size in sizes])
        self._least = {size: one.hit_rate for size, one in zip(sizes, found, strict=True)}

    def best(self, setting: Setting) -> Setting:
        """One value after another, each field's best half on all questions."""
        for name, values in _GRID.items():
            others = [setting.model_copy(update={name: value}) for value in values]
            others = [one for one in others if one != setting]
            few = self._scores(others, self._few)
            better = sorted(others, key=lambda one: -few[one])[: (len(others) + 1) // 2]
            every = self._scores([setting, *better], self._all)
            setting = max(every, key=lambda one: every[one])
        return setting

    def _scores(self, settings: Sequence[Setting], size: int) -> dict[Setting, float]:
        found = self._asked.each([(one, size) for one in settings])
        return {
            setting: float(one.discounted.mean()) if one.hit_rate >= self._least[size] else -np.inf
            for setting, one in zip(settings, found, strict=True)
        }


def _halves(questions: list[Question], seed: int) -> tuple[list[Question], list[Question]]:
    """Questions of half of the sessions, and those of the other half."""
    sessions = sorted({one.session for one in questions})
    chosen = set(np.random.default_rng(seed).permutation(sessions)[: len(sessions) // 2].tolist())
    return (
        [one for one in questions if one.session in chosen],
        [one for one in questions if one.session not in chosen],
    )
