"""Tables as a user of SQLAlchemy would declare them, where nobody counts what an index costs."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Of all tables."""


class Features(Base):
    """What was sent of a user."""

    __tablename__ = "features"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    request_id: Mapped[UUID] = mapped_column(index=True)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    join_date: Mapped[datetime]
    hidden: Mapped[int | None]
    stv: Mapped[float | None]
    credit_card_level: Mapped[str | None]
    is_lp: Mapped[int | None]
    aff_type: Mapped[str | None]
    is_cancelled: Mapped[int | None]
    country_segment: Mapped[str | None]


class StoredPrediction(Base):
    """What the model said of it."""

    __tablename__ = "predictions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    features_id: Mapped[UUID] = mapped_column(ForeignKey(Features.id), index=True)
    model: Mapped[str]
    prediction: Mapped[float]
    lower: Mapped[float]
    upper: Mapped[float]
    predicted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
