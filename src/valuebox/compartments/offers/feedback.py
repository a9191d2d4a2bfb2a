"""What became of offers, sent by decision: kept as events, as if the game had sent them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.offers.buying import OF_OFFER
from valuebox.compartments.offers.rewards import DISMISSED, PURCHASE, SHOWN
from valuebox.compartments.offers.schemas import Feedback, FeedbackStored
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import add_events
from valuebox.serving.errors import Problem, Unanswerable

TYPE_OF: Final = {"shown": SHOWN, "dismissed": DISMISSED, "purchased": PURCHASE}
"""The type of the event as which each thing that became of an offer is kept."""
_UNKNOWN: Final = "Some of these decisions are not stored; nothing of this request was stored."


def put_feedback(session: Session, feedback: Sequence[Feedback], now: datetime) -> FeedbackStored:
    """Store what became of offers, each thing once.

    Args:
        session: Of the transaction that stores it.
        feedback: What happened.
        now: When that happened which has no time of its own.

    Raises:
        Unanswerable: naming rows whose decision is not stored, or chose nothing.
    """
    decided = _decisions(session, {one.decision_id for one in feedback})
    problems = [
        Problem(row=row, field="decision_id", message="No offer was chosen by such a decision")
        for row, one in enumerate(feedback)
        if one.decision_id not in decided
    ]
    if problems:
        raise Unanswerable(_UNKNOWN, problems)
    events = [(one, decided[one.decision_id]) for one in feedback]
    put = add_events(
        session,
        ArrivingEvents(
            source=[decision.source for _, decision in events],
            id=[f"{one.decision_id}:{one.what}" for one, _ in events],
            customer=[decision.customer for _, decision in events],
            session=[decision.session for _, decision in events],
            type=[TYPE_OF[one.what] for one, _ in events],
            time=[one.time or now for one, _ in events],
            amount=[_amount(one, decision) for one, decision in events],
            currency=[None] * len(events),
            properties=[_properties(one, decision) for one, decision in events],
        ),
    )
    return FeedbackStored(received=len(feedback), added=put.added)


def _decisions(session: Session, ids: set[UUID]) -> dict[UUID, OfferDecision]:
    chosen = select(OfferDecision).where(
        OfferDecision.id.in_(ids), OfferDecision.choice.is_not(None)
    )
    return {one.id: one for one in session.scalars(chosen)}


def _chosen(decision: OfferDecision) -> dict[str, Any]:
    return decision.candidates[decision.choice or 0]


def _amount(one: Feedback, decision: OfferDecision) -> float | None:
    if one.what != "purchased":
        return None
    return _chosen(decision)["offer_price"] if one.amount is None else one.amount


def _properties(one: Feedback, decision: OfferDecision) -> dict[str, Any]:
    if one.what == "purchased":
        return {"sku": _chosen(decision)["offer_type"], "purchase_source": OF_OFFER}
    chosen = _chosen(decision)
    return {name: chosen[name] for name in ("offer_type", "offer_price")}
