"""What shops have, and what was shown to whom."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.facts.tables import MAX_ID, MAX_SOURCE
from valuebox.schemas.names import MAX_TAG
from valuebox.store.base import Base, UtcDateTime

MAX_CATEGORY: Final = 200
MAX_NAME: Final = 100


class Item(Base):
    """An item of a shop; what is sent of the same item later replaces what was known."""

    __tablename__ = "recommend_items"
    __table_args__ = (Index("ix_recommend_items_changed_at", "changed_at"),)

    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    """The shop, as the source of its events."""
    id: Mapped[str] = mapped_column(String(MAX_ID), primary_key=True)
    category: Mapped[str | None] = mapped_column(String(MAX_CATEGORY))
    price: Mapped[float | None]
    title: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    image: Mapped[str | None] = mapped_column(Text)
    """Address of a picture."""
    available: Mapped[bool]
    """Whether the item may be recommended."""
    begins: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """From when on the item may be recommended; NULL for any time."""
    ends: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when; NULL for any time."""
    boost: Mapped[float]
    """What scores of the item are multiplied by; 1 changes nothing."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Exposure(Base):
    """A list that was shown to a visitor, and what it was made of."""

    __tablename__ = "recommend_exposures"
    __table_args__ = (
        Index("ix_recommend_exposures_session", "session", "source"),
        Index("ix_recommend_exposures_at", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Id of the request, in the order of time."""
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))
    session: Mapped[str] = mapped_column(String(MAX_ID))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the list was asked for."""
    place: Mapped[str | None] = mapped_column(String(MAX_NAME))
    """Where in the shop the list is shown; NULL where that was not told."""
    seen: Mapped[list[str]] = mapped_column(JSON)
    """Items that the visitor had looked at, the latest last."""
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Each item that was listed, with its score, what it was listed because of, and which ranking
    picked it where the list is interleaved."""
    arm: Mapped[str] = mapped_column(String(MAX_NAME))
    """`personal`, `popular`, `interleaved` of both, or `holdback`, whose lists are popular, too."""
    experiment: Mapped[str | None] = mapped_column(String(MAX_NAME))
    """Name of the experiment that decided on the arm; NULL for none."""
    fallback: Mapped[str | None] = mapped_column(String(MAX_NAME))
    """Why the list is of popular items although it should have been personal; NULL where not."""
    model: Mapped[str | None] = mapped_column(String(MAX_TAG))
    """Tag of the model whose settings and ranker were used; NULL before there is a model."""
    built_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when views had been received that the index was made of; NULL where there was none."""
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When views that came after the index were looked for; NULL where there was none."""


class Experiment(Base):
    """An experiment of a shop: which share of sessions gets which kind of list."""

    __tablename__ = "recommend_experiments"

    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME), primary_key=True)
    shares: Mapped[dict[str, float]] = mapped_column(JSON)
    """Share of sessions by arm, which together are 1; of picks where lists are interleaved."""
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What was decided before: the kind, the primary figure, margins, and sessions an arm."""
    begins: Mapped[datetime] = mapped_column(UtcDateTime)
    ends: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the experiment ended; NULL while it runs."""


class Report(Base):
    """What an experiment or the months of a shop have shown, as it was last counted."""

    __tablename__ = "recommend_reports"

    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME), primary_key=True)
    """Name of the experiment; empty for the months, of whichever experiments."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float]
    """How long that took."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class Forgetting(Base):
    """When visitors of a shop were last forgotten: indexes of before still have them."""

    __tablename__ = "recommend_forgettings"

    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
