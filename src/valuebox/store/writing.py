"""How many rows get into tables: by COPY, or few of them all in one statement."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import JSON, Connection, Uuid, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from valuebox.store import copying
from valuebox.store.base import Base

COPY_FROM: Final = 100
"""Rows from which on COPY beats INSERT."""


@dataclass(frozen=True)
class Rows:
    """New rows of a table, by column.

    Each column is an array or a sequence of one value per row, or a single value for all rows;
    None and NaN are NULL.
    """

    table: type[Base]
    count: int
    columns: Mapping[str, Any]


def write(session: Session, rows: Iterable[Rows]) -> None:
    """Insert rows into several tables, in this order.

    Args:
        session: Its transaction is used.
        rows: Where they are many, the next table's are only asked for when those before have
            been written, and may still be worked out meanwhile.

    Raises:
        DBAPIError: when the database refuses them or breaks off.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        for some in rows:
            statement = insert(some.table)
            values = _by_row(some, {})
            connection.execute(
                statement, [dict(zip(some.columns, row, strict=True)) for row in values]
            )
        return
    few: list[Rows] = []
    for some in rows:
        if some.count < COPY_FROM:
            few.append(some)
        else:
            _copy(connection, some)
    if few:
        _insert(connection, few)


def _copy(connection: Connection, rows: Rows) -> None:
    columns = [(rows.table.__table__.c[name].type, values) for name, values in rows.columns.items()]
    content = copying.binary(columns, rows.count)
    order = (
        f"COPY {rows.table.__tablename__} ({', '.join(rows.columns)}) FROM STDIN (FORMAT binary)"
    )
    driver, dialect = connection.connection, connection.dialect
    try:
        with closing(driver.cursor()) as cursor:
            cursor.copy_expert(order, io.BytesIO(content), size=len(content))
    except dialect.loaded_dbapi.Error as error:
        # What SQLAlchemy does around statements of its own.
        gone = dialect.is_disconnect(error, driver.dbapi_connection, None)
        if gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            order, None, error, dialect.loaded_dbapi.Error,
            hide_parameters=True, connection_invalidated=gone, dialect=dialect,
        ) from error  # fmt: skip


def _insert(connection: Connection, few: Sequence[Rows]) -> None:
    """All in one statement: few rows take about as long as a round trip."""
    statements: list[str] = []
    parameters: list[Any] = []
    for rows in few:
        row = f"({', '.join(['%s'] * len(rows.columns))})"
        names = f"{rows.table.__tablename__} ({', '.join(rows.columns)})"
        statements.append(f"INSERT INTO {names} VALUES {', '.join([row] * rows.count)}")  # noqa: S608
        for values in _by_row(rows, {JSON: json.dumps, Uuid: str}):
            parameters += values
    connection.exec_driver_sql("; ".join(statements), tuple(parameters))


def _by_row(rows: Rows, adapters: Mapping[type, Callable[[Any], Any]]) -> Iterator[tuple[Any, ...]]:
    """The values of each row, None for NULL."""
    columns = []
    for name, values in rows.columns.items():
        kind = rows.table.__table__.c[name].type
        adapt = next((adapt for known, adapt in adapters.items() if isinstance(kind, known)), None)
        listed = _listed(values, rows.count)
        columns.append([None if v is None else adapt(v) for v in listed] if adapt else listed)
    return zip(*columns, strict=True)


def _listed(values: Any, count: int) -> Sequence[Any]:
    if isinstance(values, np.ndarray):
        return [None if value != value else value for value in values.tolist()]
    is_many = isinstance(values, Sequence) and not isinstance(values, str)
    return values if is_many else [values] * count
