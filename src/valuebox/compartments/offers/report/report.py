"""What decisions about offers brought: all that `valuebox offers report` tells."""

from datetime import datetime
from typing import Final

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.offers.promoting import newest_promotion
from valuebox.compartments.offers.report.decided import CAP, decided_lately
from valuebox.compartments.offers.report.figures import (
    Overlap,
    Propensities,
    Regret,
    Value,
    overlap_of,
    propensities_of,
    regret_of,
    values_of,
)
from valuebox.compartments.offers.report.weeks import OfType, PolicyWeek, policies_of, types_of
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.schemas.values import Model
from valuebox.store.ids import first_id

MOST: Final = 1_000_000
"""Decisions that are told of at most, the newest."""
_COUNTED: Final = 100_000
"""Decisions since the last promotion that are counted at most: it has to be quick."""


class Learning(Model):
    """How old what decides is."""

    model: str = Field(description="Tag of the model that decides.")
    promoted_at: datetime = Field(description="Since when it does.")
    hours: float = Field(description="Hours since then.")
    since: int = Field(description="Decisions that were stored since; 100,000 are so many or more.")


class OffersReport(Model):
    """What decisions about offers brought, by policy and week, and how far to believe it."""

    first: datetime | None = Field(description="The earliest decision; null where there is none.")
    last: datetime | None = Field(description="The latest decision.")
    decisions: int = Field(description="Decisions that chose something.")
    cap: float = Field(description="Money of a player's week that counts at most.")
    learning: Learning | None = Field(description="How old the model is; null before there is one.")
    policies: list[PolicyWeek] = Field(
        description="What each policy brought: of all weeks together, then of each week, the "
        "newest first."
    )
    types: list[OfType] = Field(description="Types of offers, the most frequent first.")
    calibration: list[Value] = Field(
        description="Whether offers bring what was foretold, by fifths."
    )
    propensities: list[Propensities] = Field(description="How likely choices were.")
    overlap: Overlap | None = Field(
        description="How much the log says of random choices; null without decisions."
    )
    regret: Regret | None = Field(
        description="What trying others costs; null for too few decisions of models."
    )


def report_of(
    session: Session, since: datetime | None, before: datetime, least: int = 1
) -> OffersReport:
    """What decisions brought.

    Args:
        session: To read them, and what was found of them; see `settling`.
        since: Earliest moment of decisions; None for all.
        before: Now, or an earlier moment that is looked back at: decisions before it count.
        least: The smallest number of decisions that anything is told of.
    """
    decided = decided_lately(session, MOST, since, before)
    return OffersReport(
        first=min(decided.at, default=None),
        last=max(decided.at, default=None),
        decisions=len(decided),
        cap=CAP,
        learning=learning_of(session, before),
        policies=policies_of(decided, least),
        types=types_of(decided, least),
        calibration=values_of(decided, least),
        propensities=propensities_of(decided, least),
        overlap=overlap_of(decided),
        regret=regret_of(decided, least),
    )


def learning_of(session: Session, now: datetime) -> Learning | None:
    """How old the model is that decides; None before there is one."""
    newest = newest_promotion(session)
    if newest is None:
        return None
    later = select(OfferDecision.id).where(OfferDecision.id >= first_id(newest.promoted_at))
    since = session.scalar(select(func.count()).select_from(later.limit(_COUNTED).subquery()))
    return Learning(
        model=newest.model,
        promoted_at=newest.promoted_at,
        hours=max((now - newest.promoted_at).total_seconds(), 0.0) / 3600,
        since=since or 0,
    )
