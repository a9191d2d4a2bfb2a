"""What every table knows of single people, and how many of them fit into one statement."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

# Bound parameters of one statement are limited, on SQLite to 32,766.
_CHUNK: Final = 5_000
_AT_ONCE: Final = 1_000
"""Rows that are read at a time."""

Key = TypeVar("Key", int, str)


def chunks(ids: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Different ids in order, as many at a time as a statement takes."""
    distinct = sorted(set(ids))
    for start in range(0, len(distinct), _CHUNK):
        yield distinct[start : start + _CHUNK]


def records(
    session: Session,
    table: type[Any],
    condition: ColumnElement[bool],
    order: InstrumentedAttribute[Any],
    most: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Rows of a table as plain values, in the order of a column, and at most so many.

    Yields:
        `{"table": name, ...columns}`, for one row after the other.
    """
    names = [column.key for column in inspect(table).column_attrs]
    query = select(table).where(condition).order_by(order).limit(most)
    # Somebody may have done a lot: rows come as they are asked for.
    for row in session.scalars(query.execution_options(yield_per=_AT_ONCE)):
        yield {"table": table.__tablename__} | {name: getattr(row, name) for name in names}
