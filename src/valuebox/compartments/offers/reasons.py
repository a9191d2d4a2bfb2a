"""Why candidates of a decision are worth what they are: the few strongest reasons of each."""

from typing import Any, Final

import numpy as np
import scipy

from valuebox.compartments.offers.candidates import Candidates, column_of
from valuebox.compartments.offers.explaining import Contributions, Feature, contributions
from valuebox.compartments.offers.model import OffersModel
from valuebox.compartments.offers.schemas import Explanation, Reason, Why
from valuebox.compartments.offers.tables import OfferDecision

MOST: Final = 5
"""Reasons that are told of each candidate at most."""


def reasons_of(model: OffersModel, decision: OfferDecision) -> Explanation:
    """Why candidates are worth what they are.

    Args:
        model: The model that decided.
        decision: As it is stored.
    """
    known, offers = decision.features, decision.candidates
    candidates = Candidates.of([offers])
    features = {name: column_of([value]) for name, value in known.items()}
    worth = model.worth(features, candidates)
    found = contributions(model, features, candidates)
    return Explanation(
        average=float(scipy.special.expit(found.average)),
        candidates=[
            _why(
                found, place, known, offer, (float(worth.chance[place]), float(worth.later[place]))
            )
            for place, offer in enumerate(offers)
        ],
    )


def _why(
    found: Contributions,
    place: int,
    known: dict[str, Any],
    offer: dict[str, Any],
    worth: tuple[float, float],
) -> Why:
    each = found.each[place]
    strongest = np.argsort(-np.abs(each), kind="stable")[:MOST]
    strongest = strongest[each[strongest] != 0]
    reasons = [_reason(found.features[k], known, offer, float(each[k])) for k in strongest.tolist()]
    chance, later = worth
    return Why(
        chance=chance,
        later=later,
        reasons=reasons,
        others=float(each.sum()) - sum(one.contribution for one in reasons),
    )


def _reason(
    feature: Feature, known: dict[str, Any], offer: dict[str, Any], contribution: float
) -> Reason:
    of = known if feature.of_player else offer
    return Reason(
        of="player" if feature.of_player else "offer",
        feature=feature.name,
        value=of.get(feature.name),
        contribution=contribution,
    )
