"""Policies that a log is asked about, as probabilities of candidates."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.evaluation.replay import Choices, PolicyRefused
from valuebox.statistics.arrays import Codes, Floats

RANDOM: Final = "random"
BEST_FIXED: Final = "best-fixed"
_KNOWN: Final = 100.0
"""Decisions that the belief weighs that all actions earn alike, where the best one is sought."""


def best_order(
    action: Codes, actions: int, propensity: Floats, reward: Floats, rows: NDArray[Any]
) -> Codes:
    """Actions from the best on, by what they earn in some decisions, `(n_actions,)`.

    Each is judged by its rewards over their propensities, self-normalised and shrunk towards the
    mean of all: one that was chosen twice and sold once is not the best.

    Args:
        action: Code of what was chosen, `(n,)`.
        actions: How many there are.
        propensity: How likely the choice was, `(n,)`.
        reward: What came of it, `(n,)`.
        rows: Which decisions count, as positions or a mask.
    """
    action, weight, reward = action[rows], 1 / propensity[rows], reward[rows]
    total = np.bincount(action, weight, actions)
    squares = np.bincount(action, weight**2, actions)
    earned = np.bincount(action, weight * reward, actions)
    mean = float(earned.sum() / total.sum()) if len(reward) else 0.0
    known = np.divide(total**2, squares, out=np.zeros(actions), where=squares > 0)
    value = np.divide(earned, total, out=np.full(actions, mean), where=total > 0)
    shrunk = mean + known / (known + _KNOWN) * (value - mean)
    return np.argsort(-shrunk, kind="stable").astype(np.intp)


def first_of(order: Codes, action: Codes, choices: Choices) -> Floats:
    """Probabilities of whoever takes the first of a fixed order that can be chosen, `(m,)`.

    Args:
        order: Codes of actions from the best on.
        action: Code of each candidate, `(m,)`.
        choices: What was chosen from.
    """
    rank = np.empty(len(order), dtype=np.float64)
    rank[order] = np.arange(len(order))
    able = np.ones(len(action), bool) if choices.possible is None else choices.possible
    ranks = np.where(able, rank[action], np.inf)
    best = np.minimum.reduceat(ranks, choices.begins[:-1])
    # Candidates of one type, at different prices, share.
    return choices.shares(able & (ranks == np.repeat(best, np.diff(choices.begins))))


def crossed_best(
    action: Codes, choices: Choices, reward: Floats, fold: Codes, actions: int
) -> Floats:
    """Probabilities of the best fixed order, which is sought among other players, `(m,)`.

    An order that was sought among the very decisions it is judged by looks better than it is.

    Args:
        action: Code of each candidate, `(m,)`.
        choices: What was chosen from.
        reward: What came of it, `(n,)`.
        fold: Fold of each decision's player, `(n,)`.
        actions: How many there are.
    """
    found = np.empty(len(action))
    each = np.repeat(fold, np.diff(choices.begins))
    chosen = action[choices.chosen]
    for one in range(int(fold.max()) + 1):
        order = best_order(chosen, actions, choices.propensity, reward, fold != one)
        found[each == one] = first_of(order, action, choices)[each == one]
    return found


def probabilities(said: Any, actions: Sequence[Any], decisions: int) -> Floats:
    """What a function answered, as probabilities of every action, `(n_decisions, n_actions)`.

    Args:
        said: Probabilities, `(n_decisions, n_actions)`, or the action of each, `(n_decisions,)`.
        actions: All actions.
        decisions: How many were asked about.

    Raises:
        PolicyRefused: where it is neither.
    """
    answer = np.asarray(said)
    if answer.shape == (decisions, len(actions)):
        try:
            return answer.astype(np.float64)
        except (TypeError, ValueError):
            raise PolicyRefused("a probability of the policy is not a number") from None
    if answer.shape != (decisions,):
        raise PolicyRefused(
            f"the policy answered {' × '.join(map(str, answer.shape)) or 'a single value'} of "
            f"{decisions} decisions and {len(actions)} actions: either a probability of each, "
            "or the action of each decision, is asked for"
        )
    codes = {one: place for place, one in enumerate(actions)}
    unknown = [one for one in dict.fromkeys(answer.tolist()) if one not in codes]
    if unknown:
        raise PolicyRefused(f"the policy chose {unknown[0]!r}, which is no action of the log")
    found = np.zeros((decisions, len(actions)))
    found[np.arange(decisions), [codes[one] for one in answer.tolist()]] = 1.0
    return found
