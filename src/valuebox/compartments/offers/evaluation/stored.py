"""Decisions about offers as they are stored: held against policies, and judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from valuebox.compartments.offers.candidates import PRICE, TYPE
from valuebox.compartments.offers.decisions import DAY, WEEK, Decisions
from valuebox.compartments.offers.evaluation import policies, regression
from valuebox.compartments.offers.evaluation.estimates import Evaluation, evaluate
from valuebox.compartments.offers.evaluation.fixed import numbers_of
from valuebox.compartments.offers.evaluation.parts import Part
from valuebox.compartments.offers.evaluation.replay import (
    Choices,
    PolicyRefused,
    Replay,
    Seen,
    replay,
)
from valuebox.compartments.offers.model import OffersModel
from valuebox.errors import ValueboxError
from valuebox.features.declared.columns import Coded, Column, values
from valuebox.statistics.arrays import Codes, Floats

Function = Callable[[pd.DataFrame, pd.DataFrame], Any]
"""A policy: what was known at each decision, and all candidates with the position of their
`decision`, `offer_type` and `offer_price`; it answers a probability of each candidate."""


class NothingToJudge(ValueboxError):
    """No decision was shown, and is old enough to judge what came of it."""


_ALMOST_NEVER: Final = 1e-12
_OBSERVED: Final = {Part.OWN: DAY, Part.WEEK: WEEK}


@dataclass(frozen=True)
class HeldLog:
    """Stored decisions that policies can be held against."""

    decisions: Decisions
    """Decisions that were shown, and have been observed long enough."""
    choices: Choices
    seen: Seen
    expected: Floats
    """Reward of each candidate, `(m,)`, expected by a regression that has not seen the player."""
    fold: Codes
    """Fold of each decision's player, `(n,)`."""
    cap: float | None

    @classmethod
    def of(cls, decisions: Decisions, part: Part = Part.OWN, cap: float | None = None) -> Self:
        """Take what has been observed long enough.

        Args:
            decisions: Stored decisions, with what came of them.
            part: Which money counts.
            cap: What it counts at most; None for as it is.

        Raises:
            NothingToJudge: where none is shown and old enough.
        """
        likely = decisions.propensity[decisions.chosen]
        known = decisions.where(
            decisions.shown & (decisions.observed >= _OBSERVED[part]) & (likely > 0)
        )
        if not len(known):
            raise NothingToJudge("no decision was shown, and is old enough to be judged")
        reward = known.own if part is Part.OWN else known.own + known.rest
        reward = reward if cap is None else np.minimum(reward, cap)
        chosen = known.chosen
        choices = Choices(known.begins, chosen, known.propensity[chosen], known.propensity > 0)
        cluster = np.unique(known.customer, return_inverse=True)[1].astype(np.intp)
        fold = regression.folds(cluster, min(regression.FOLDS, int(cluster.max()) + 1))
        expected = _expected(known, reward, fold)
        served = choices.sums(choices.shares(known.propensity) * expected)
        seen = Seen(cluster, reward, expected[chosen], served)
        return cls(known, choices, seen, expected, fold, cap)

    def replay(self, likely: Floats) -> Replay:
        """Hold a policy against the decisions.

        Args:
            likely: How likely each candidate is to it, `(m,)`; what rules left out is left out of
                these as well, and the others share what it had.

        Raises:
            PolicyRefused: where these are no probabilities.
        """
        # Whoever wanted nothing but what was left out takes any of the others.
        able = np.where(self.decisions.propensity > 0, np.maximum(likely, _ALMOST_NEVER), 0.0)
        return replay(self.choices, self.choices.shares(able), self.expected)

    def by_model(self, model: OffersModel) -> Replay:
        """Hold a model against the decisions; on those it has learned from it looks too good."""
        known = self.decisions
        worth = model.worth(known.features, known.candidates)
        return self.replay(model.propensities(worth, known.begins))

    def by_function(self, name: str, function: Function) -> Replay:
        """Hold a function against the decisions.

        Raises:
            PolicyRefused: where it answers no probability for each candidate.
        """
        known = self.decisions
        candidates: dict[str, Column] = {TYPE: known.type, PRICE: known.price, **known.properties}
        table = _table(candidates).assign(decision=self._decision())
        likely = np.asarray(function(_table(known.features), table), dtype=np.float64)
        if likely.shape != known.price.shape:
            raise PolicyRefused(
                f"{name} answered {likely.size} probabilities of {len(known.price)} candidates"
            )
        replay(self.choices, likely, None)
        return self.replay(likely)

    def random(self) -> Replay:
        """Hold uniform choices against the decisions."""
        return self.replay(np.ones(len(self.expected)))

    def best_fixed(self) -> tuple[Replay, str]:
        """Hold the best fixed order of types against the decisions; and the order, in words."""
        types, kinds = self.decisions.type, len(self.decisions.type.values)
        action = types.codes.astype(np.intp)
        reward = self.seen.reward
        held = policies.crossed_best(action, self.choices, reward, self.fold, kinds)
        every = np.arange(len(reward))
        chosen = action[self.choices.chosen]
        order = policies.best_order(chosen, kinds, self.choices.propensity, reward, every)
        return self.replay(held), "first " + ", then ".join(str(types.values[one]) for one in order)

    def _decision(self) -> Codes:
        return np.repeat(np.arange(len(self.fold)), np.diff(self.choices.begins))


def evaluate_stored(
    held: HeldLog,
    functions: Mapping[str, Function | None],
    models: Sequence[OffersModel] = (),
) -> Evaluation:
    """Say what policies would have earned by stored decisions.

    Args:
        held: The decisions.
        functions: Policies by name; `random` and `best-fixed` need no function.
        models: Models whose propensities are asked about, too.

    Raises:
        PolicyRefused: where a policy answers no probabilities.
    """
    found: dict[str, Replay] = {}
    told: dict[str, str] = {}
    for name, function in functions.items():
        if function is not None:
            found[name] = held.by_function(name, function)
        elif name == policies.BEST_FIXED:
            found[name], told[name] = held.best_fixed()
        else:
            found[name] = held.random()
    for model in models:
        found[model.tag] = held.by_model(model)
        if share := float(np.mean(held.decisions.time < model.until)):
            told[model.tag] = (
                f"may have learned from {share:.0%} of these decisions, and look too good"
            )
    return evaluate(held.seen, found, told, held.cap)


def _expected(known: Decisions, reward: Floats, fold: Codes) -> Floats:
    """Reward of each candidate, by the player's features, its type and its price, `(m,)`."""
    columns = numbers_of(_table(known.features)) if known.features else np.zeros((len(known), 0))
    decision = np.repeat(np.arange(len(known)), np.diff(known.begins))
    context = np.column_stack([columns[decision], known.price])
    chosen, action = known.chosen, known.type.codes.astype(np.intp)
    model = regression.fit(context[chosen], action[chosen], len(known.type.values), reward, fold)
    return model.of_chosen(context, fold[decision], action)


def _table(columns: Mapping[str, Column]) -> pd.DataFrame:
    return pd.DataFrame({name: _plain(one) for name, one in columns.items()})


def _plain(column: Column) -> Any:
    if not isinstance(column, Coded):
        return column
    return pd.Series(values(column, np.arange(len(column.codes))), dtype=object)
