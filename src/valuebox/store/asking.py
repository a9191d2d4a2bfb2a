"""A single question to the database, with no more around it than it takes.

SQLAlchemy makes rows of its own of what the driver returns, and asks about types again and again:
for a few rows that takes longer than PostgreSQL takes to find them.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from valuebox.store.at_once import NOT_PREPARED, forget_prepared, prepared
from valuebox.store.session_settings import is_pooled
from valuebox.store.writing import driver_cursor


def rows_of(connection: Connection, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows that a question is answered with.

    Args:
        connection: To either database. Outside a transaction PostgreSQL reads and plans the same
            question only once.
        statement: SQL with `%s` for each value, or `?` on SQLite.
        values: As the driver takes them.

    Raises:
        DBAPIError: when the database refuses it or breaks off.
    """
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name != "postgresql" or is_pooled(connection) or not driver.autocommit:
        return _fetched(connection, statement, values)
    try:
        return _fetched(connection, prepared(connection, statement, len(values)), values)
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != NOT_PREPARED:
            raise
        # Somebody between us and the server has taken it back.
        forget_prepared(connection)
        return _fetched(connection, statement, values)


def _fetched(
    connection: Connection, statement: str, values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    with driver_cursor(connection, statement) as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
