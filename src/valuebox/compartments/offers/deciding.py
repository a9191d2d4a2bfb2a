"""What is said of decisions: worths and propensities of candidates, and the choices."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.offers.model import OffersModel, Worth
from valuebox.compartments.offers.policy import Policy, choose, propensities, uniform
from valuebox.facts.features.answering import Answer

_BEFORE_ANY = Policy()
"""How a choice is drawn before there is a model, and every candidate is as likely as the others."""


class Case(NamedTuple):
    """What a decision is made of."""

    known: Answer
    """Features of the player."""
    candidates: Sequence[dict[str, Any]]
    """Type and price of each offer, and what else is known of it."""
    left_out: Sequence[str | None]
    """The rule that leaves each candidate out, None for none."""
    seed: int
    """What the choice is drawn with: the same one gives the same choice."""


class Weighing(NamedTuple):
    """What was thought of the candidates of a decision, in the order asked."""

    choice: int | None
    """Position of the choice; None where rules left none."""
    propensities: list[float]
    worths: list[float] | None
    """None before there is a model."""
    explored: bool
    """Whether the choice was drawn among all candidates alike."""
    chance: float | None
    """How likely the choice is bought; None without a model, or without a choice."""


def weigh(model: OffersModel | None, cases: Sequence[Case]) -> list[Weighing]:
    """Decide; what is said of a case does not depend on the others.

    Args:
        model: The model that decides; None before there is one.
        cases: What each decision is made of.
    """
    starts = np.concatenate([[0], np.cumsum([len(case.candidates) for case in cases])])
    is_allowed = np.array([rule is None for case in cases for rule in case.left_out])
    said = None if model is None else _worth(model, cases)
    able = np.flatnonzero(np.add.reduceat(is_allowed, starts[:-1], dtype=np.int64))
    likely, choice = np.zeros(len(is_allowed)), np.full(len(cases), -1)
    explored = np.full(len(cases), model is None)
    if len(able):
        places = np.flatnonzero(is_allowed)
        begins = np.append(np.searchsorted(places, starts[able]), len(places))
        policy, chances = _propensities(model, said, places, begins)
        likely[places] = chances
        seeds = np.array([case.seed for case in cases])[able]
        drawn = choose(policy, chances, begins, seeds)
        choice[able] = places[begins[:-1] + drawn.place] - starts[able]
        explored[able] |= drawn.uniform
    bounds = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    return [
        _of_case(case, slice(*both), said, choice, explored, likely)
        for case, both in enumerate(bounds)
    ]


def _worth(model: OffersModel, cases: Sequence[Case]) -> Worth:
    return model.worth_of_rows([case.known for case in cases], [case.candidates for case in cases])


def _propensities(
    model: OffersModel | None,
    said: Worth | None,
    places: NDArray[np.int64],
    begins: NDArray[np.int64],
) -> tuple[Policy, NDArray[np.float64]]:
    if model is None or said is None:
        return _BEFORE_ANY, uniform(begins)
    policy = model.policy
    return policy, propensities(policy, said.value[places], begins, said.new[places])


def _of_case(
    case: int,
    theirs: slice,
    said: Worth | None,
    choice: NDArray[np.int64],
    explored: NDArray[np.bool_],
    likely: NDArray[np.float64],
) -> Weighing:
    place = int(choice[case])
    chosen = None if place < 0 else place
    return Weighing(
        choice=chosen,
        propensities=likely[theirs].tolist(),
        worths=None if said is None else said.value[theirs].tolist(),
        explored=bool(explored[case]),
        chance=None if said is None or chosen is None else float(said.chance[theirs][chosen]),
    )
