"""What every table knows of single people, and how many of them fit into one statement."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

# Bound parameters of one statement are limited, on SQLite to 32,766.
_CHUNK: Final = 5_000

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
) -> Iterator[dict[str, Any]]:
    """Rows of a table as plain values, in the order of a column.

    Yields:
        `{"table": name, ...columns}`, for one row after the other.
    """
    names = [column.key for column in inspect(table).column_attrs]
    for row in session.scalars(select(table).where(condition).order_by(order)):
        yield {"table": table.__tablename__} | {name: getattr(row, name) for name in names}
