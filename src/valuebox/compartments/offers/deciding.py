"""What is said of a decision: worths and propensities of its candidates, and the choice."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from valuebox.compartments.offers.candidates import Candidates, column_of
from valuebox.compartments.offers.model import OffersModel
from valuebox.compartments.offers.policy import Policy, choose, propensities, uniform
from valuebox.compartments.offers.schemas import Candidate
from valuebox.facts.features.answering import Answer

_BEFORE_ANY = Policy()
"""How a choice is drawn before there is a model, and every candidate is as likely as the others."""


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


def weigh(
    model: OffersModel | None,
    known: Answer,
    candidates: Sequence[Candidate],
    left_out: Sequence[str | None],
    seed: int,
) -> Weighing:
    """Decide.

    Args:
        model: The model that decides; None before there is one.
        known: Features of the player.
        candidates: The offers to choose from.
        left_out: The rule that leaves each of them out, None for none.
        seed: What the choice is drawn with: the same one gives the same choice.
    """
    places = [place for place, rule in enumerate(left_out) if rule is None]
    likely = [0.0] * len(candidates)
    if not places:
        return Weighing(None, likely, None, False, None)
    every = Candidates.of([[one.model_dump() for one in candidates]])
    begins = np.array([0, len(places)])
    if model is None:
        policy, said, chances = _BEFORE_ANY, None, uniform(begins)
    else:
        features = {name: column_of([value]) for name, value in known.items()}
        said = model.worth(features, every)
        policy = model.policy
        chances = propensities(policy, said.value[places], begins, said.new[places])
    for place, chance in zip(places, chances.tolist(), strict=True):
        likely[place] = chance
    drawn = choose(policy, chances, begins, np.array([seed]))
    choice = places[int(drawn.place[0])]
    explored = model is None or bool(drawn.uniform[0])
    if said is None:
        return Weighing(choice, likely, None, explored, None)
    return Weighing(choice, likely, said.value.tolist(), explored, float(said.chance[choice]))
