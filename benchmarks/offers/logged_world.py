"""Logs of offers from a world whose every outcome is known: what each policy earns in truth.

Players differ in taste and in what they spend anyway; a few of them are whales. Each decision shows
one of five offers by known propensities. What an offer sells at once is its own part; the week's
total also holds what the player buys besides, other decisions' offers included, so that the
weeks of a player overlap.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.evaluation.regression import fit, folds
from valuebox.compartments.offers.evaluation.replay import Choices, Replay, Seen, replay

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRICES: Final = np.array([0.99, 2.99, 4.99, 9.99, 19.99])
CAP: Final = 30.0
"""What the week of a decision counts at most, in the capped week."""
_COUNTRIES: Final = np.array([0.3, -0.1, 0.0, -0.4])
_LATER: Final = np.array([0.01, 0.02, 0.02, 0.04, 0.06])
"""How likely an offer that was shown sells something else later in the week."""
_DAYS: Final = 42.0
_WEEK: Final = 7.0


@dataclass(frozen=True)
class Logged:
    """A log of n decisions over five offers, and what each offer would have brought."""

    player: Ints
    """`(n,)`."""
    context: Floats
    """What was known of the player, `(n, n_features)`."""
    served: Floats
    """How likely each offer was shown, `(n, 5)`."""
    action: Ints
    """Which was shown, `(n,)`."""
    own: Floats
    """Money of the offer's own purchase, had it been shown, `(n, 5)`."""
    week: Floats
    """Money of the week, had it been shown, `(n, 5)`."""

    def reward(self, part: str) -> tuple[Floats, Floats]:
        """What came of the decisions, `(n,)`, and what would have come of each offer, `(n, 5)`."""
        every = {"own": self.own, "week": self.week, "capped": np.minimum(self.week, CAP)}[part]
        return every[np.arange(len(self.action)), self.action], every

    def held(self, part: str, likely: Mapping[str, Floats]) -> tuple[Seen, dict[str, Replay]]:
        """Policies held against the log, with the model of rewards that logs of others get.

        Args:
            part: Which reward.
            likely: How likely each offer is to each policy, `(n, 5)`.
        """
        reward, _ = self.reward(part)
        fold = folds(self.player)
        model = fit(self.context, self.action, 5, reward, fold)
        expected = model.predict(self.context, fold)
        rows = np.arange(len(reward))
        choices = Choices(
            np.arange(len(rows) + 1) * 5,
            rows * 5 + self.action,
            self.served[rows, self.action],
        )
        seen = Seen(
            self.player,
            reward,
            expected[rows, self.action],
            (self.served * expected).sum(axis=1),
        )
        held = {
            name: replay(choices, one.ravel(), expected.ravel()) for name, one in likely.items()
        }
        return seen, held


def draw(rng: np.random.Generator, decisions: int, often: bool) -> Logged:
    """Draw a log.

    Args:
        rng: Another one, another log.
        decisions: About how many.
        often: Whether players decide several times, some of them a hundred times and more; else
            each player decides once.
    """
    counts = np.ones(decisions, np.int64)
    if often:
        counts = np.ceil(rng.lognormal(1.3, 1.1, max(decisions // 7, 1))).astype(np.int64)
    player = np.repeat(np.arange(len(counts)), counts)
    taste, level, country = _players(rng, len(counts))
    n = len(player)
    time = rng.uniform(0, _DAYS, n)
    context = np.column_stack(
        [
            taste[player, :2] + rng.normal(0, 0.5, (n, 2)),
            np.eye(4)[country[player]],
            level[player] + rng.normal(0, 0.8, n),
        ]
    )
    served = softened(context @ _SERVED, 0.25)
    action = chosen(rng, served)
    likely = 1 / (1 + np.exp(3.2 + 0.35 * np.log(PRICES) - _wish(taste, level, country)[player]))
    own = PRICES * (rng.random((n, 5)) < likely)
    besides = _spent_besides(rng, player, time, level, own[np.arange(n), action])
    later = (rng.random((n, 5)) < _LATER) * rng.lognormal(1.0, 0.8, (n, 5))
    return Logged(player, context, served, action, own, own + besides[:, None] + later)


def policies(log: Logged) -> dict[str, Floats]:
    """Three fixed policies: how likely each offer is, `(n, 5)`."""
    n = len(log.action)
    return {
        "uniform": np.full((n, 5), 0.2),
        "always the fourth": np.tile(np.eye(5)[3], (n, 1)),
        "personal": softened(2.0 * (log.context @ _PERSONAL), 0.05),
    }


def softened(score: Floats, uniform: float) -> Floats:
    """Propensities that follow scores, with a floor: a share of decisions is uniform."""
    raised = np.exp(score - score.max(axis=1, keepdims=True))
    soft: Floats = raised / raised.sum(axis=1, keepdims=True)
    return (1 - uniform) * soft + uniform / score.shape[1]


def chosen(rng: np.random.Generator, likely: Floats) -> Ints:
    """Draw an offer for each decision."""
    drawn: Ints = (likely.cumsum(axis=1)[:, :-1] < rng.random((len(likely), 1))).sum(axis=1)
    return drawn


_SERVED: Final = np.random.default_rng(1).normal(0, 0.7, (7, 5))
_PERSONAL: Final = np.vstack([np.eye(5)[:2], np.zeros((4, 5)), [[-0.3, -0.15, 0.0, 0.2, 0.4]]])


def _players(rng: np.random.Generator, count: int) -> tuple[Floats, Floats, Ints]:
    taste = rng.normal(0, 0.6, (count, 5))
    whale = rng.random(count) < 0.02
    return taste, rng.normal(0, 0.9, count) + 2.0 * whale, rng.integers(0, 4, count)


def _wish(taste: Floats, level: Floats, country: Ints) -> Floats:
    return taste + 0.6 * level[:, None] + _COUNTRIES[country][:, None]


def _spent_besides(
    rng: np.random.Generator, player: Ints, time: Floats, level: Floats, own: Floats
) -> Floats:
    """What players spend within the weeks of their decisions, but for the decision's own offer."""
    bought = rng.poisson(0.8 * np.exp(0.7 * level))
    who: Any = np.concatenate([np.repeat(np.arange(len(level)), bought), player])
    when = np.concatenate([rng.uniform(0, _DAYS + _WEEK, bought.sum()), time])
    amount = np.concatenate([rng.lognormal(1.0 + 0.25 * level[who[: bought.sum()]], 1.2), own])
    apart = 2 * (_DAYS + _WEEK)
    order = np.argsort(who * apart + when)
    at = (who * apart + when)[order]
    until = np.concatenate([[0.0], np.cumsum(amount[order])])
    begin = player * apart + time
    first, last = (np.searchsorted(at, one, "right") for one in (begin, begin + _WEEK))
    return until[last] - until[first]
