"""Find the setting of a shop on its own last sessions; where nothing is surely better it stays.

Half of these sessions choose, value by value, and the other half says whether the choice is better
than what was there before: of many that were tried, the best looks better than it is.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox_training.recommend.measuring import Gain, gain, measured
from valuebox_training.recommend.questions import Log, Question

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
    log: Log, setting: Setting, how: Tuning = _TUNING, fresh: bool = True, seed: int = 0
) -> Tuned:
    """Look for the setting of a shop.

    Args:
        log: Sessions of a shop.
        setting: Where to begin, and what stays where nothing is better.
        how: How to look.
        fresh: Whether the item being looked at is left out of answers.
        seed: Of samples.
    """
    nothing = Tuned(setting, setting, Gain(0.0, np.inf), 0)
    borders = log.stretches(1, how.share, how.most)
    if not borders:
        return nothing
    questions = log.questions(borders[0], borders[1], how.most, seed)
    halves = _halves(questions, seed)
    if min(map(len, halves)) < how.fewest:
        return nothing
    base = Recommender(log.before(borders[0], setting))
    search = _Search(base, halves[0], how, fresh, setting)
    tried = search.best(setting)
    if tried == setting:
        return nothing._replace(questions=len(halves[1]))
    before = measured(search.asking(setting), halves[1], fresh)
    found = gain(measured(search.asking(tried), halves[1], fresh), before)
    chosen = tried if found.mean > how.sure * found.error else setting
    return Tuned(chosen, tried, found, len(before.rank))


class _Search:
    def __init__(
        self,
        base: Recommender,
        questions: list[Question],
        how: Tuning,
        fresh: bool,
        start: Setting,
    ):
        self._base, self._questions, self._fresh = base, questions, fresh
        self._few = questions[: max(int(len(questions) * how.first), 1)]
        # First places are not bought with hits: a ranker orders what is found, and finds nothing.
        self._least = {
            len(each): measured(self.asking(start), each, fresh).hit_rate
            for each in (self._few, self._questions)
        }

    def asking(self, setting: Setting) -> Recommender:
        return Recommender(self._base.merged.index, setting=setting)

    def best(self, setting: Setting) -> Setting:
        """One value after another, each field's best half on all questions."""
        for name, values in _GRID.items():
            others = [setting.model_copy(update={name: value}) for value in values]
            others = [one for one in others if one != setting]
            few = {one: self._score(one, self._few) for one in others}
            better = sorted(others, key=lambda one: -few[one])[: (len(others) + 1) // 2]
            every = {one: self._score(one, self._questions) for one in [setting, *better]}
            setting = max(every, key=lambda one: every[one])
        return setting

    def _score(self, setting: Setting, questions: list[Question]) -> float:
        found = measured(self.asking(setting), questions, self._fresh)
        if found.hit_rate < self._least[len(questions)]:
            return -np.inf
        return float(found.discounted.mean())


def _halves(questions: list[Question], seed: int) -> tuple[list[Question], list[Question]]:
    """Questions of half of the sessions, and those of the other half."""
    sessions = sorted({one.session for one in questions})
    chosen = set(np.random.default_rng(seed).permutation(sessions)[: len(sessions) // 2].tolist())
    return (
        [one for one in questions if one.session in chosen],
        [one for one in questions if one.session not in chosen],
    )
