"""What is stored of single users: handed out, or deleted."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, inspect, select
from sqlalchemy.orm import Session

from valuebox.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.store.pruning import deleted

# Bound parameters of one statement are limited, on SQLite to 32,766.
_CHUNK: Final = 5_000


class Forgotten(NamedTuple):
    """How many rows were deleted."""

    features: int
    predictions: int
    outcomes: int


def forget_users(session: Session, user_ids: Sequence[int]) -> Forgotten:
    """Delete every row of some users: what was received, what was predicted, what came true.

    Keys of requests hold nothing of them; a request with deleted rows is not answered again.
    """
    predictions = features = outcomes = 0
    for chunk in _chunks(user_ids):
        of_users = LtvFeatures.user_id.in_(chunk)
        rows = select(LtvFeatures.id).where(of_users)
        predictions += deleted(session, LtvPrediction, LtvPrediction.features_id.in_(rows))
        features += deleted(session, LtvFeatures, of_users)
        outcomes += deleted(session, LtvOutcome, LtvOutcome.user_id.in_(chunk))
    return Forgotten(features, predictions, outcomes)


def records_of_users(session: Session, user_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Every row of some users as plain values, oldest first within a table.

    Yields:
        `{"table": name, ...columns}`, for one row after the other.
    """
    for chunk in _chunks(user_ids):
        rows = select(LtvFeatures.id).where(LtvFeatures.user_id.in_(chunk))
        conditions: tuple[tuple[type[Any], ColumnElement[bool]], ...] = (
            (LtvFeatures, LtvFeatures.user_id.in_(chunk)),
            (LtvPrediction, LtvPrediction.features_id.in_(rows)),
            (LtvOutcome, LtvOutcome.user_id.in_(chunk)),
        )
        for table, condition in conditions:
            names = [column.key for column in inspect(table).column_attrs]
            key = inspect(table).primary_key[0]
            for row in session.scalars(select(table).where(condition).order_by(key)):
                yield {"table": table.__tablename__} | {name: getattr(row, name) for name in names}


def _chunks(user_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    distinct = sorted(set(user_ids))
    for start in range(0, len(distinct), _CHUNK):
        yield distinct[start : start + _CHUNK]
