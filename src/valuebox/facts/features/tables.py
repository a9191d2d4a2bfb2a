"""Tables of features: declarations, and what was answered with each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.facts.tables import MAX_ID, MAX_SOURCE
from valuebox.store.base import Base, UtcDateTime

MAX_NAME = 63
HASH_LENGTH = 16


class FeatureDeclaration(Base):
    """A version of a declaration; rows are added, and never changed but for which one answers."""

    __tablename__ = "feature_declarations"

    name: Mapped[str] = mapped_column(String(MAX_NAME), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    """What tells the declaration from every other that means something else."""
    text: Mapped[str] = mapped_column(Text)
    """The file, as TOML."""
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answers: Mapped[bool]
    """Whether questions without a version are answered by this one; of a name, one at most does."""
    bins: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What the table holds that a model has learned from, as `TableBins`; NULL where nobody said
    so."""


class FeatureAnswer(Base):
    """What was answered of a customer or a session: kept, so that it can be worked out again."""

    __tablename__ = "feature_answers"
    __table_args__ = (Index("ix_feature_answers_subject_source", "subject", "source"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """An id of the request, in the order of time."""
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    version: Mapped[int]
    hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))
    subject: Mapped[str] = mapped_column(String(MAX_ID))
    """Id of the customer, or of the session where the declaration is of sessions."""
    session: Mapped[str | None] = mapped_column(String(MAX_ID))
    """Session of the customer that was asked about; NULL for none."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moment of which the features are."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What was sent of the moment itself."""
    events: Mapped[int]
    """How many events were looked at: where fewer are left, an answer cannot be made again."""
    newest: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the newest of these events happened; NULL without any, and in answers of former
    versions."""
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Each feature by its name."""
