"""Logs of others, whose decisions all choose from the same actions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from valuebox.compartments.offers.evaluation import policies, regression
from valuebox.compartments.offers.evaluation.estimates import Evaluation, evaluate
from valuebox.compartments.offers.evaluation.replay import (
    Choices,
    PolicyRefused,
    Replay,
    Seen,
    replay,
)
from valuebox.statistics.arrays import Codes, Floats

_AT_ONCE: Final = 2_000_000
"""Candidates that are held in memory at once."""
_FEW: Final = 10
"""Different numbers of a column that are told apart as texts are."""
_MOST_TEXTS: Final = 20
"""Different texts of a column that the model of rewards tells apart; the others are one."""


@dataclass(frozen=True)
class FixedLog:
    """A log of n decisions, each of which chose one of the same actions."""

    context: pd.DataFrame
    """What was known at each decision, a row each, numbered from 0."""
    actions: Sequence[Any]
    """All that could be chosen."""
    action: Codes
    """Position of what was chosen among `actions`, `(n,)`."""
    propensity: Floats
    """How likely the choice was, `(n,)`."""
    reward: Floats
    """What came of it, `(n,)`."""
    cluster: Codes
    """Code of the player from 0, `(n,)`."""


Function = Callable[[pd.DataFrame, list[Any]], Any]
"""A policy: what was known at each decision, and all actions; see `policies.probabilities`."""


def evaluate_fixed(
    log: FixedLog, functions: Mapping[str, Function | None], cap: float | None = None
) -> Evaluation:
    """Say what policies would have earned on a log of others.

    Args:
        log: The log; at least one decision.
        functions: Policies by name; `random` and `best-fixed` need no function.
        cap: What a reward counts at most; None for as it is.

    Raises:
        PolicyRefused: where a policy answers no probabilities.
    """
    reward = log.reward if cap is None else np.minimum(log.reward, cap)
    fold = regression.folds(log.cluster, min(regression.FOLDS, int(log.cluster.max()) + 1))
    columns = numbers_of(log.context)
    k = len(log.actions)
    model = regression.fit(columns, log.action, k, reward, fold)
    asked = {name: _policy(name, each, log, reward, fold) for name, each in functions.items()}
    parts: dict[str, list[Replay]] = {name: [] for name in asked}
    step = max(_AT_ONCE // k, 1)
    for start in range(0, len(reward), step):
        rows = np.arange(start, min(start + step, len(reward)))
        begins = np.arange(len(rows) + 1) * k
        choices = Choices(begins, begins[:-1] + log.action[rows], log.propensity[rows])
        expected = model.predict(columns[rows], fold[rows]).ravel()
        for name, policy in asked.items():
            parts[name].append(replay(choices, policy(rows).ravel(), expected))
    seen = Seen(log.cluster, reward, model.of_chosen(columns, fold, log.action))
    together = {name: Replay.together(found) for name, found in parts.items()}
    told = {}
    if policies.BEST_FIXED in asked:
        every = np.arange(len(reward))
        order = policies.best_order(log.action, k, log.propensity, reward, every)
        told[policies.BEST_FIXED] = f"always {log.actions[order[0]]}"
    return evaluate(seen, together, told, cap)


def numbers_of(context: pd.DataFrame) -> Floats:
    """Columns for the model of rewards, `(n, n_columns)`: numbers, and texts value by value.

    Numbers of which there are few different ones, such as positions on a page, count as texts.
    """
    found: list[Any] = []
    for name in context:
        column = context[name]
        if pd.api.types.is_numeric_dtype(column) and column.nunique() > _FEW:
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            there = np.isfinite(values)
            found.append(np.where(there, values, values[there].mean() if there.any() else 0.0))
            if not there.all():
                found.append(~there)
            continue
        texts = column.astype("string").fillna("")
        often = texts.value_counts().index[:_MOST_TEXTS]
        found += [(texts == one).to_numpy(dtype=np.float64) for one in often]
    if not found:
        return np.zeros((len(context), 0))
    return np.column_stack(found).astype(np.float64)


def _policy(
    name: str, function: Function | None, log: FixedLog, reward: Floats, fold: Codes
) -> Callable[[Codes], Floats]:
    """A function from positions of decisions to probabilities, `(n, n_actions)`."""
    k = len(log.actions)
    if name == policies.RANDOM:
        return lambda rows: np.full((len(rows), k), 1 / k)
    if name == policies.BEST_FIXED:
        best = np.array([
            policies.best_order(log.action, k, log.propensity, reward, fold != one)[0]
            for one in range(int(fold.max()) + 1)
        ])  # fmt: skip
        return lambda rows: np.eye(k)[best[fold[rows]]]
    if function is None:
        raise PolicyRefused(f"{name!r} is neither {policies.RANDOM} nor {policies.BEST_FIXED}")

    def asked(rows: Codes) -> Floats:
        context = log.context.iloc[rows].reset_index(drop=True)
        return policies.probabilities(function(context, list(log.actions)), log.actions, len(rows))

    return asked
