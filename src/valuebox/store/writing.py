"""How many rows get into tables: by COPY, or few of them all in one statement."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from itertools import chain
from typing import Any, Final, NamedTuple, cast

import numpy as np
from sqlalchemy import JSON, Connection, Table, Uuid
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from valuebox.store import copying, sqlite_values
from valuebox.store.base import Base
from valuebox.store.ids import IdColumn
from valuebox.store.texts import Texts, Written

COPY_FROM: Final = 100
"""Rows from which on COPY beats INSERT."""
_UNLESS_THERE: Final = "ON CONFLICT DO NOTHING"


@dataclass(frozen=True)
class Rows:
    """New rows of a table, by column.

    Each column is an array or a sequence of one value per row, or a single value for all rows;
    None, NaN and NaT are NULL. Moments in arrays are in UTC.
    """

    table: type[Base] | Table
    count: int
    columns: Mapping[str, Any]

    @property
    def into(self) -> Table:
        """The table itself."""
        return self.table if isinstance(self.table, Table) else table_of(self.table)


@dataclass(frozen=True)
class Then:
    """A statement that follows rows, in their transaction and without a way of its own."""

    sql: Callable[[str], str]
    """SQL for the dialect of that name, without a percent sign but those of `values`."""
    values: Sequence[Any] = ()
    """What PostgreSQL gets for each `%s`; SQLite's statement has none."""
    is_usual: bool = False
    """Whether PostgreSQL gets the same statement again and again, with other values."""


def table_of(model: type[Base]) -> Table:
    """The table that a class is mapped to."""
    return cast("Table", model.__table__)


def write(session: Session, rows: Iterable[Rows | Then]) -> None:
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
            if isinstance(some, Then):
                connection.exec_driver_sql(some.sql("sqlite"))
                continue
            _insert_lite(connection, some)
        return
    few: list[Rows | Then] = []
    for some in rows:
        if isinstance(some, Then) or some.count < COPY_FROM:
            few.append(some)
        else:
            copy(connection, some)
    if few:
        insert_few(connection, few)


def insert_unless_there(connection: Connection, rows: Rows) -> int:
    """Insert rows whose primary key is not there yet, and return how many these were.

    Args:
        connection: In a transaction.
        rows: On PostgreSQL few, of which one statement is made.
    """
    if connection.dialect.name == "sqlite":
        return _insert_lite(connection, rows, _UNLESS_THERE)
    statement, parameters = _insert(rows)
    return connection.exec_driver_sql(f"{statement} {_UNLESS_THERE}", tuple(parameters)).rowcount


def _insert_lite(connection: Connection, rows: Rows, ending: str = "") -> int:
    insert_into, _ = _statement(rows.into, tuple(rows.columns))
    columns = [(rows.into.c[name].type, values) for name, values in rows.columns.items()]
    row = f"({', '.join('?' * len(columns))})"
    found = list(sqlite_values.values(columns))
    return connection.exec_driver_sql(f"{insert_into} {row} {ending}", found).rowcount


class _Parts:
    """A file as the driver reads it, of parts that are made meanwhile."""

    def __init__(self, parts: Iterator[bytes]):
        self._parts = parts

    def read(self, size: int = -1) -> bytes:
        """The next part, however long it is."""
        return next(self._parts, b"")


def copy(connection: Connection, rows: Rows, opening: str = "") -> None:
    """Have PostgreSQL copy rows, while these are still made.

    Args:
        connection: In a transaction, unless `opening` begins one.
        rows: Into one table.
        opening: Statement that takes no trip of its own, with a semicolon behind it.
    """
    columns = [(rows.into.c[name].type, values) for name, values in rows.columns.items()]
    content = _Parts(copying.binary(columns, rows.count))
    order = f"{opening}COPY {rows.into.name} ({', '.join(rows.columns)}) FROM STDIN (FORMAT binary)"
    with driver_cursor(connection, order) as cursor:
        cursor.copy_expert(order, content)


@contextmanager
def driver_cursor(connection: Connection, order: str) -> Iterator[Any]:
    """A cursor of the driver, which obeys `order`; what fails is raised as SQLAlchemy's."""
    driver, dialect = connection.connection, connection.dialect
    try:
        with closing(driver.cursor()) as cursor:
            yield cursor
    except dialect.loaded_dbapi.Error as error:
        # What SQLAlchemy does around statements of its own.
        gone = dialect.is_disconnect(error, driver.dbapi_connection, None)
        if gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            order, None, error, dialect.loaded_dbapi.Error,
            hide_parameters=True, connection_invalidated=gone, dialect=dialect,
        ) from error  # fmt: skip


class Order(NamedTuple):
    """What PostgreSQL is told to do, as its driver takes it."""

    statement: str
    values: Sequence[Any]
    """One for each `%s` of the statement."""
    is_usual: bool
    """Whether the same statement is told again and again, with other values."""


def orders_of(tables: Sequence[Rows | Then]) -> list[Order]:
    """What PostgreSQL is told of few rows, and of what follows them."""
    return [
        Order(one.sql("postgresql"), one.values, one.is_usual)
        if isinstance(one, Then)
        else Order(*_insert(one), is_usual=one.count == 1)
        for one in tables
    ]


def insert_few(connection: Connection, tables: Sequence[Rows | Then]) -> None:
    """Insert rows on PostgreSQL, all in one message: a round trip is what few rows take."""
    orders = orders_of(tables)
    tell(
        connection,
        "; ".join(one.statement for one in orders),
        list(chain.from_iterable(one.values for one in orders)),
    )


def tell(connection: Connection, message: str, values: Sequence[Any] = ()) -> None:
    """Have PostgreSQL obey all statements of a message.

    Raises:
        DBAPIError: when one of them fails, or the connection breaks off.
    """
    with driver_cursor(connection, message) as cursor:
        cursor.execute(message, values)


def _insert(rows: Rows) -> tuple[str, list[Any]]:
    """One statement for all rows, and its parameters."""
    insert_into, adapters = _statement(rows.into, tuple(rows.columns))
    row = f"({', '.join(['%s'] * len(rows.columns))})"
    columns = [_listed(values, rows.count) for values in rows.columns.values()]
    for position, adapt in adapters.items():
        columns[position] = _adapted(columns[position], adapt)
    parameters = list(chain.from_iterable(zip(*columns, strict=True)))
    return f"{insert_into} {', '.join([row] * rows.count)}", parameters


def _adapted(values: Sequence[Any], adapt: Callable[[Any], Any]) -> Sequence[Any]:
    """Values as the driver takes them; those that are texts already stay as they are."""
    if isinstance(values, IdColumn):
        return values.texts()
    if isinstance(values, Texts | Written):
        return values
    return [None if value is None else adapt(value) for value in values]


@cache
def _statement(table: Table, names: tuple[str, ...]) -> tuple[str, dict[int, Callable[[Any], Any]]]:
    """How an INSERT begins, and how columns become what the driver takes, by position."""
    kinds = [table.c[name].type for name in names]
    adapters: dict[int, Callable[[Any], Any]] = {}
    for position, kind in enumerate(kinds):
        if isinstance(kind, JSON):
            adapters[position] = json.dumps
        elif isinstance(kind, Uuid):
            adapters[position] = str
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES", adapters


def _listed(values: Any, count: int) -> Sequence[Any]:
    """One value for each row, None for NULL."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "M":
            return [value and value.replace(tzinfo=UTC) for value in values.tolist()]
        return [None if value != value else value for value in values.tolist()]
    return values if copying.is_column(values) else [values] * count
