"""Rows that are a unit of work by themselves, in as few trips to PostgreSQL as that takes.

A session takes a trip to begin, one for each statement, and one to commit. Here few rows are one
message, which is a transaction of its own, of statements that the server has prepared. Of many rows
the first COPY brings along what begins the transaction, and what follows the last one what ends it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any, Final, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from valuebox.store.writing import (
    COPY_FROM,
    Rows,
    Then,
    copy,
    insert_few,
    orders_of,
    tell,
)

_PREPARED: Final = "what valuebox has prepared"
NOT_PREPARED: Final = "26000"
"""What PostgreSQL says to a prepared statement that it does not know."""
_BEGIN: Final = "BEGIN; "
_COMMIT: Final = Then(lambda _: "COMMIT")


def insert_at_once(connection: Connection, tables: Sequence[Rows | Then]) -> None:
    """Insert few rows, all of them in one message.

    Args:
        connection: Of which no transaction has begun.
        tables: Rows, and what follows them.

    Raises:
        DBAPIError: when the database refuses them or breaks off; nothing is stored then.
    """
    with of_its_own(connection):
        message: list[str] = []
        values: list[Any] = []
        for one in orders_of(tables):
            message.append(
                prepared(connection, one.statement, len(one.values))
                if one.is_usual
                else one.statement
            )
            values += one.values
        try:
            tell(connection, "; ".join(message), values)
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) != NOT_PREPARED:
                raise
            # Somebody between us and the server has taken it back.
            forget_prepared(connection)
            insert_few(connection, tables)


def copy_at_once(
    connection: Connection,
    tables: Iterable[Rows | Then],
    before_commit: Callable[[], Sequence[Then]],
) -> None:
    """Insert many rows into several tables.

    Args:
        connection: Of which no transaction has begun.
        tables: Rows, and what follows them; see `writing.write`. The first are many.
        before_commit: Function that is called when all rows are written, and returns what the
            server has to look at before it commits. What it raises undoes everything.

    Raises:
        DBAPIError: when the database refuses them or breaks off; nothing is stored then.
    """
    with of_its_own(connection):
        opening = _BEGIN
        few: list[Rows | Then] = []
        for some in tables:
            if isinstance(some, Then) or some.count < COPY_FROM:
                few.append(some)
            else:
                copy(connection, some, opening)
                opening = ""
        insert_few(connection, [*few, *before_commit(), _COMMIT])


def only_until(moment: datetime) -> Then:
    """What undoes everything that is sent with it, if the server comes to it only after a moment.

    A server that was frozen still reads what was sent to it before, though nobody waits any more.
    """
    return Then(lambda _: f"SELECT 1 / (clock_timestamp() < '{moment.isoformat()}')::int")


def prepared(connection: Connection, statement: str, values: int) -> str:
    """How a statement is repeated, which PostgreSQL has read and planned before.

    To read and plan how a row is stored takes it longer than to store the row.

    Args:
        connection: Of which no transaction has begun.
        statement: With `%s` for each value.
        values: How many these are.
    """
    known: dict[str, str] = connection.info.setdefault(_PREPARED, {})
    name = known.get(statement)
    if name is None:
        name = f"valuebox_{len(known)}"
        numbers = count(1)
        numbered = re.sub("%s", lambda _: f"${next(numbers)}", statement)
        tell(connection, f"PREPARE {name} AS {numbered}")
        known[statement] = name
    return f"EXECUTE {name} ({', '.join(['%s'] * values)})"


def _as_it_is(_: Connection, statement: str, __: int) -> str:
    return statement


def forget_prepared(connection: Connection) -> None:
    """Prepare every statement anew when it is next told."""
    connection.info.pop(_PREPARED, None)


@contextmanager
def of_its_own(connection: Connection) -> Iterator[None]:
    """In the block, what is sent to PostgreSQL is a transaction, or says where one begins and ends.

    This takes no trips to the server: SQLAlchemy's own way, an isolation level, takes one for the
    way back. What the block leaves open is undone.
    """
    driver = cast("Any", connection.connection.dbapi_connection)
    driver.autocommit = True
    try:
        yield
    finally:
        if not driver.closed:
            _undo(connection, driver)
            driver.autocommit = False


def _undo(connection: Connection, driver: Any) -> None:
    psycopg2: Any = connection.dialect.loaded_dbapi
    if driver.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE:
        return
    try:
        with driver.cursor() as cursor:
            cursor.execute("ROLLBACK")
    except psycopg2.Error as error:
        connection.invalidate(error)
