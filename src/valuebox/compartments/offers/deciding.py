"""What is said of decisions: worths and propensities of candidates, and the choices."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

from valuebox.compartments.offers.model import OffersModel
from valuebox.compartments.offers.policy import Policy, choose, propensities_of_one
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
    if model is None:
        return [_weighed(case, _BEFORE_ANY, None) for case in cases]
    worth = model.worth_of_rows([case.known for case in cases], [case.candidates for case in cases])
    each = zip(worth.value.tolist(), worth.chance.tolist(), worth.new.tolist(), strict=True)
    return [
        _weighed(case, model.policy, list(islice(each, len(case.candidates)))) for case in cases
    ]


def _weighed(
    case: Case, policy: Policy, said: Sequence[tuple[float, float, bool]] | None
) -> Weighing:
    """Decide about a case, where value, chance and newness of each candidate may have been said."""
    able = [place for place, rule in enumerate(case.left_out) if rule is None]
    worths = None if said is None else [value for value, _, _ in said]
    if not able:
        return Weighing(None, [0.0] * len(case.left_out), worths, said is None, None)
    if said is None:
        each = [1.0 / len(able)] * len(able)
    else:
        some = [said[place] for place in able]
        values, _, new = zip(*some, strict=True)
        each = propensities_of_one(policy, values, new)
    likely = [0.0] * len(case.left_out)
    for place, one in zip(able, each, strict=True):
        likely[place] = one
    choice, is_uniform = choose(policy, likely, case.seed)
    chance = None if said is None else said[choice][1]
    return Weighing(choice, likely, worths, said is None or is_uniform, chance)
