"""Decisions made once more, of what was stored with them: the same model and seed choose alike."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.offers.deciding import Case, Weighing, weigh
from valuebox.compartments.offers.model import OffersModel, load
from valuebox.compartments.offers.reasons import reasons_of
from valuebox.compartments.offers.schemas import Came, ExplainedDecision, Weighed
from valuebox.compartments.offers.tables import OfferDecision, OfferOutcome
from valuebox.models.registry import ArtifactMissing, ArtifactRefused

_KEPT: Final = 4
"""Models that are kept loaded: decisions of a day are mostly of one."""


class Remade(NamedTuple):
    """A decision that was made once more."""

    decision: OfferDecision
    weighing: Weighing | None
    """What is said of it now; None where its model is gone."""
    model: OffersModel | None
    """The model that decided; None where none did, or where it is gone."""

    @property
    def is_alike(self) -> bool | None:
        """Whether choice and propensities are those that were stored; None without the model."""
        if self.weighing is None:
            return None
        stored = self.decision
        return (
            self.weighing.choice == stored.choice
            and self.weighing.propensities == stored.propensities
        )


def remade(decision: OfferDecision, model: Callable[[str], OffersModel] | None = None) -> Remade:
    """A decision, made once more.

    Args:
        decision: As it is stored.
        model: Function that returns a model by its tag; without, models are loaded and kept.
    """
    case = Case(
        decision.features,
        decision.candidates,
        decision.left_out or [None] * len(decision.candidates),
        decision.seed,
    )
    try:
        decided = None if decision.model is None else (model or kept_model)(decision.model)
    except (ArtifactMissing, ArtifactRefused):
        return Remade(decision, None, None)
    return Remade(decision, weigh(decided, [case])[0], decided)


def decision_of(session: Session, decision_id: UUID) -> OfferDecision | None:
    """A stored decision by its id; None where there is none."""
    return session.scalar(select(OfferDecision).where(OfferDecision.id == decision_id))


@lru_cache(_KEPT)
def kept_model(tag: str) -> OffersModel:
    """A model by its tag, loaded once while it is asked for; see `model.load`."""
    return load(tag)


def explained(one: Remade, outcome: OfferOutcome | None) -> ExplainedDecision:
    """What is told of a decision."""
    decision = one.decision
    worths, left_out = decision.worths, decision.left_out
    candidates = [
        Weighed(
            offer_type=offer["offer_type"],
            offer_price=offer["offer_price"],
            worth=None if worths is None else worths[place],
            propensity=decision.propensities[place],
            left_out=None if left_out is None else left_out[place],
        )
        for place, offer in enumerate(decision.candidates)
    ]
    choice = decision.choice
    return ExplainedDecision(
        decision_id=decision.id,
        choice=choice,
        propensity=None if choice is None else decision.propensities[choice],
        candidates=candidates,
        model=decision.model,
        at=decision.at,
        source=decision.source,
        customer=decision.customer,
        session=decision.session,
        decided_at=decision.decided_at,
        features=decision.features,
        declaration=decision.declaration,
        seed=decision.seed,
        explored=decision.explored,
        is_alike=one.is_alike,
        why=None if one.model is None else reasons_of(one.model, decision),
        came=None
        if outcome is None
        else Came(shown=outcome.shown, own=outcome.own, rest=outcome.rest),
    )
