"""What was decided of offers, and which models have decided."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.facts.tables import MAX_ID, MAX_SOURCE, MAX_TYPE
from valuebox.schemas.names import MAX_TAG
from valuebox.store.base import Base, UtcDateTime


class OfferDecision(Base):
    """Which of several offers was chosen for a session: one decision a session.

    A row holds all that is needed to make the decision again: what was known, what each candidate
    was thought to be worth, how likely each was chosen, and the seed of the draw.
    """

    __tablename__ = "offers_decisions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """An id of the request, in the order of time."""
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))
    customer: Mapped[str] = mapped_column(String(MAX_ID))
    session: Mapped[str] = mapped_column(String(MAX_ID))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moment of the decision: what happened before was known."""
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the decision was stored, by the clock of the database's clients."""
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Type and price of each candidate, in the order asked, and what else was known of it."""
    choice: Mapped[int | None]
    """Position of the offer that was chosen; NULL where rules left none."""
    offer_type: Mapped[str | None] = mapped_column(String(MAX_TYPE))
    """Type of the offer that was chosen; NULL where rules left none."""
    offer_price: Mapped[float | None]
    """Its price."""
    propensities: Mapped[list[float]] = mapped_column(JSON)
    """How likely each candidate was chosen; 0 for those that rules left out."""
    worths: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))
    """What each candidate was thought to bring within a week; NULL before there was a model."""
    left_out: Mapped[list[str | None] | None] = mapped_column(JSON(none_as_null=True))
    """The rule that left each candidate out, null for none; NULL where rules left none out."""
    features: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What was known of the customer, by the name of the feature."""
    declaration: Mapped[str] = mapped_column(Text)
    """Name, version and hash of the declaration of the features."""
    model: Mapped[str | None] = mapped_column(String(MAX_TAG))
    """Tag of the model that decided; NULL before there was one."""
    seed: Mapped[int] = mapped_column(BigInteger)
    """What the choice was drawn with."""
    explored: Mapped[bool]
    """Whether the choice was drawn among all candidates alike, as a share of them always is."""

    __table_args__ = (
        UniqueConstraint("source", "customer", "session", name="uq_offers_decisions_session"),
        Index("ix_offers_decisions_at", "at"),
        Index("ix_offers_decisions_offer_type", "offer_type"),
    )


class OfferPrediction(Base):
    """How likely the offer that was chosen is to be bought, where a model has said so."""

    __tablename__ = "offers_predictions"

    id: Mapped[UUID] = mapped_column(
        ForeignKey(OfferDecision.id, ondelete="CASCADE"), primary_key=True
    )
    """Id of the decision."""
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))
    customer: Mapped[str] = mapped_column(String(MAX_ID))
    offer_type: Mapped[str] = mapped_column(String(MAX_TYPE))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moment of the decision."""
    prediction: Mapped[float]
    """Probability that the offer is bought in the session."""
    model: Mapped[str] = mapped_column(String(MAX_TAG))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the decision was stored."""


class OfferOutcome(Base):
    """What came of a decision once its week has passed; late events may change it."""

    __tablename__ = "offers_outcomes"

    id: Mapped[UUID] = mapped_column(
        ForeignKey(OfferDecision.id, ondelete="CASCADE"), primary_key=True
    )
    """Id of the decision."""
    shown: Mapped[bool]
    """Whether the offer was seen."""
    own: Mapped[float]
    """Money of the offer's own purchase; 0 where it was not bought."""
    rest: Mapped[float]
    """Money of other purchases within the week, less refunds."""
    target: Mapped[float]
    """1 where the offer was bought, 0 where it was not."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When this was found."""
    summed: Mapped[float | None]
    """The value that the sums hold; NULL where they hold none."""

    __table_args__ = (
        Index(
            "ix_offers_outcomes_not_summed",
            "id",
            postgresql_where=text("target IS DISTINCT FROM summed"),
            sqlite_where=text("target IS NOT summed"),
        ),
    )


class OfferPromotion(Base):
    """A model that was set to decide; the newest row says which one does."""

    __tablename__ = "offers_promotions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """In the order of time."""
    model: Mapped[str] = mapped_column(String(MAX_TAG))
    """Tag of the model."""
    promoted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    why: Mapped[str] = mapped_column(Text)
    """What was found when the model was compared with the one before, in a sentence."""
