"""Rows that sums which follow the ids would miss, noted in the transaction that stores them.

Ids are made from the clock of whoever stores a row. The sums hold all rows through one id, which
is right while ids tell the database's time within a few seconds. A row whose id does not, because
a clock is wrong or was set, or whose id the sums have passed, is noted by the database itself, and
added by itself. Nothing more is sent for it: what may note goes along with what inserts.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from valuebox.compartments.ltv.tables import LtvFeatures
from valuebox.predictions.sums.tables import LtvFolded, LtvPassedOver
from valuebox.store.ids import Ids, moment_of
from valuebox.store.writing import Then

TOLERANCE_SECONDS: Final = 10
"""Between an id and the database's clock; with the deadline of a request much less than
`folding.SETTLED`."""
_NOTED: Final = LtvPassedOver.__tablename__
_FEATURES: Final = LtvFeatures.__tablename__
_FOLDED: Final = LtvFolded.__tablename__
_NOW: Final = {
    "postgresql": "EXTRACT(EPOCH FROM now())",
    "sqlite": "(julianday('now') - 2440587.5) * 86400",
}


def noting(ids: Sequence[UUID]) -> Then:
    """What notes new features rows, where the database finds their time wrong or passed.

    Args:
        ids: Of one request, or of several that came at the same moment.
    """
    first = min(ids[0], ids[-1])
    seconds = moment_of(first).timestamp()
    return Then(
        {
            dialect: (
                f"INSERT INTO {_NOTED} (id, is_summed) "  # noqa: S608
                f"SELECT id, {false} FROM {_FEATURES} WHERE {_among(ids, dialect)} "
                f"AND (abs({now} - {seconds}) > {TOLERANCE_SECONDS} OR "
                f"{_text(first, dialect)} <= (SELECT through FROM {_FOLDED}))"
            )
            for (dialect, now), false in zip(_NOW.items(), ("false", "0"), strict=True)
        }
    )


def is_noted() -> ColumnElement[bool]:
    """Whether a row of `LtvFeatures` is added by itself, or has been."""
    return exists().where(LtvPassedOver.id == LtvFeatures.id)


def summed(features_id: InstrumentedAttribute[UUID], through: UUID) -> ColumnElement[bool]:
    """Whether the sums hold a features row.

    Args:
        features_id: Of the row.
        through: Of `LtvFolded`.
    """
    noted = exists().where(LtvPassedOver.id == features_id)
    return or_(
        and_(features_id <= through, ~noted),
        exists().where(LtvPassedOver.id == features_id, LtvPassedOver.is_summed),
    )


def next_noted(session: Session, count: int) -> Sequence[UUID]:
    """Noted rows that are to be added next, at most `count`."""
    waiting = select(LtvPassedOver.id).where(~LtvPassedOver.is_summed)
    return session.scalars(waiting.order_by(LtvPassedOver.id).limit(count)).all()


def forget_notes(session: Session, added: Sequence[UUID], through: UUID) -> None:
    """Take note that rows were added, and forget those that `through` has passed."""
    options = {"synchronize_session": False}
    if added:
        session.execute(
            update(LtvPassedOver)
            .where(LtvPassedOver.id.in_(added))
            .values(is_summed=True)
            .execution_options(**options)
        )
    session.execute(
        delete(LtvPassedOver)
        .where(LtvPassedOver.is_summed, LtvPassedOver.id <= through)
        .execution_options(**options)
    )


def _among(ids: Sequence[UUID], dialect: str) -> str:
    if isinstance(ids, Ids):
        return f"id BETWEEN {_text(ids[0], dialect)} AND {_text(ids[-1], dialect)}"
    return f"id IN ({', '.join(_text(one, dialect) for one in ids)})"


def _text(one: UUID, dialect: str) -> str:
    return f"'{one.hex}'" if dialect == "sqlite" else f"'{one}'::uuid"
