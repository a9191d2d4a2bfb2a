"""What was loaded of matches, users and bets, what was foretold of matches, and what came true.

Rows of a load are versions: a row that a load changes is kept as it was, with when it was replaced,
so that what was known at any moment can be told.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.schemas.names import MAX_TAG
from valuebox.store.base import Base, UtcDateTime

MAX_ID = 100
MAX_NAME = 100
MAX_STATE = 30


class _Loaded:
    """A version of a row."""

    id: Mapped[str] = mapped_column(String(MAX_ID), primary_key=True)
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    """When the load began that brought the version."""
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the load began that brought another one; NULL for the version that counts."""


class HandleMatch(_Loaded, Base):
    """A match, as a load brought it."""

    __tablename__ = "handle_matches"

    season: Mapped[int]
    week: Mapped[int]
    home: Mapped[str] = mapped_column(String(MAX_NAME))
    away: Mapped[str] = mapped_column(String(MAX_NAME))
    home_place: Mapped[str] = mapped_column(String(MAX_NAME))
    away_place: Mapped[str] = mapped_column(String(MAX_NAME))
    slot: Mapped[str] = mapped_column(String(MAX_NAME))
    kickoff: Mapped[datetime] = mapped_column(UtcDateTime)


class HandleUser(_Loaded, Base):
    """A user, as a load brought them."""

    __tablename__ = "handle_users"

    place: Mapped[str] = mapped_column(String(MAX_NAME))
    """Province; empty where it is not known."""
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_hour: Mapped[int]
    """The hour of it, by the count since 1970."""


class HandleBet(_Loaded, Base):
    """A bet, as a load brought it; a change of its state that changes no sum makes no version."""

    __tablename__ = "handle_bets"

    match_id: Mapped[str] = mapped_column(String(MAX_ID), index=True)
    user_id: Mapped[str] = mapped_column(String(MAX_ID), index=True)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    placed_hour: Mapped[int]
    """The hour of it, by the count since 1970."""
    amount: Mapped[float]
    state: Mapped[str] = mapped_column(String(MAX_STATE))
    """What the warehouse says has become of the bet, such as `open` or `settled`."""
    counts: Mapped[bool]
    """Whether the bet is part of the handle: it is neither void nor cancelled."""


class HandleLoad(Base):
    """A load, and how many rows it brought."""

    __tablename__ = "handle_loads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    matches: Mapped[int]
    users: Mapped[int]
    bets: Mapped[int]
    """New rows, or new versions of rows."""
    noticed: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What was strange, in words, and in how many rows."""


class HandleAsking(Base):
    """A request for forecasts: when, what was known by then, and what was answered beside them."""

    __tablename__ = "handle_askings"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of the request."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    loaded_to: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the last load began whose rows were known."""
    feed: Mapped[str | None] = mapped_column(Text)
    """What the live feed answered, as it came, at most `feed.MAX_KEPT` characters of it."""
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)


class HandlePrediction(Base):
    """A vintage: what a model said of a match at a moment. Rows are never changed."""

    __tablename__ = "handle_predictions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(index=True)
    match_id: Mapped[str] = mapped_column(String(MAX_ID))
    model: Mapped[str] = mapped_column(String(MAX_TAG))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    loaded_to: Mapped[datetime] = mapped_column(UtcDateTime)
    kickoff: Mapped[datetime] = mapped_column(UtcDateTime)
    lead_class: Mapped[str] = mapped_column(String(20))
    """How long before the match, as `recipe.LEADS` has it."""
    prediction: Mapped[float]
    lower: Mapped[float]
    upper: Mapped[float]
    known: Mapped[float]
    deviation: Mapped[float]
    """Of the handle from the prediction, as the model expects."""

    __table_args__ = (Index(None, "match_id", "id"),)


class HandleFeatures(Base):
    """What was known of a match when it was forecast, and what other ways of forecasting said."""

    __tablename__ = "handle_features"

    id: Mapped[UUID] = mapped_column(
        ForeignKey(HandlePrediction.id, ondelete="CASCADE"), primary_key=True
    )
    """Id of the prediction."""
    known: Mapped[dict[str, Any]] = mapped_column(JSON)


class HandleOutcome(Base):
    """The handle of a match that is over, as the latest load has it."""

    __tablename__ = "handle_outcomes"

    match_id: Mapped[str] = mapped_column(String(MAX_ID), primary_key=True)
    target: Mapped[float]
    first_reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    loaded_to: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the newest load began that was looked at."""
    summed: Mapped[float | None]
    """The value that the sums hold; NULL where they hold none."""


class HandleRevision(Base):
    """A handle as it was found once: outcomes are revised, and what they were is kept."""

    __tablename__ = "handle_revisions"

    match_id: Mapped[str] = mapped_column(String(MAX_ID), primary_key=True)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    target: Mapped[float]


NOT_SUMMED = HandleOutcome.target.is_distinct_from(HandleOutcome.summed)
Index(
    "ix_handle_outcomes_not_summed",
    HandleOutcome.match_id,
    postgresql_where=NOT_SUMMED,
    sqlite_where=NOT_SUMMED,
)
TABLES = (
    *(HandleMatch, HandleUser, HandleBet, HandleLoad, HandleAsking, HandlePrediction),
    *(HandleFeatures, HandleOutcome, HandleRevision),
)
