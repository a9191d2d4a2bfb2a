"""Stored decisions, made once more one after the other."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from valuebox.compartments.offers.replaying import remade
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.facts.scanning import begin
from valuebox.store.engine import Store

_SHOWN: Final = 20
_AT_ONCE: Final = 1_000


@dataclass
class Replayed:
    """How many decisions came out alike."""

    alike: int = 0
    differing: int = 0
    gone: int = 0
    """Decisions whose model is not in the model store any more."""
    first: list[UUID] = field(default_factory=list)
    """The first that differ."""


def replay_all(store: Store, since: datetime | None) -> Replayed:
    """Make decisions once more.

    Args:
        store: Where decisions are.
        since: Earliest moment of decisions; None for all.
    """
    found = Replayed()
    query = select(OfferDecision).order_by(OfferDecision.id)
    if since is not None:
        query = query.where(OfferDecision.at >= since)
    with store.reading() as session:
        begin(session.connection())
        for decision in session.scalars(query.execution_options(yield_per=_AT_ONCE)):
            is_alike = remade(decision).is_alike
            if is_alike is None:
                found.gone += 1
            elif is_alike:
                found.alike += 1
            else:
                found.differing += 1
                found.first = [*found.first, decision.id][:_SHOWN]
    return found
