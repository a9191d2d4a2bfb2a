"""A single question to the database, with no more around it than it takes.

SQLAlchemy makes rows of its own of what the driver returns, and asks about types again and again:
for a few rows that takes longer than PostgreSQL takes to find them.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from valuebox.store.at_once import NOT_PREPARED, forget_prepared, prepared
from valuebox.store.session_settings import is_pooled
from valuebox.store.writing import driver_cursor

Row = tuple[Any, ...]
_BESIDE: Final = (
    "SELECT aside.*, asked.* FROM ({}) AS aside LEFT JOIN LATERAL ({}) AS asked ON true"
)


class Aside:
    """A question of one row that is answered along with another one, in the same trip.

    Args:
        statement: SQL, as `rows_of` takes it.
        values: As the driver takes them.
        width: Columns of the row.
    """

    def __init__(self, statement: str, values: Sequence[Any], width: int):
        self.statement, self.values, self._width = statement, values, width
        self._row: Row | None = None

    @property
    def is_open(self) -> bool:
        """Whether it was not answered yet."""
        return self._row is None

    def answer(self, connection: Connection) -> Row:
        """The row: it is asked for now where no other question has taken it along."""
        if self._row is None:
            (self._row,) = rows_of(connection, self.statement, self.values)
        return self._row

    def parted(self, rows: list[Row]) -> list[Row]:
        """The rows of the other question, once those of both were fetched."""
        width = self._width
        self._row = rows[0][:width]
        if len(rows) == 1 and all(one is None for one in rows[0][width:]):
            return []
        return [row[width:] for row in rows]


def rows_of(
    connection: Connection, statement: str, values: Sequence[Any], aside: Aside | None = None
) -> list[Row]:
    """The rows that a question is answered with.

    Args:
        connection: To either database. Outside a transaction PostgreSQL reads and plans the same
            question only once.
        statement: SQL with `%s` for each value, or `?` on SQLite.
        values: As the driver takes them.
        aside: What PostgreSQL, to which every question is a trip, is asked as well where nobody
            has asked it yet. No row of `statement` is of NULL alone then.

    Raises:
        DBAPIError: when the database refuses it or breaks off.
    """
    if aside is not None and aside.is_open and connection.dialect.name == "postgresql":
        both = _BESIDE.format(aside.statement, statement)
        return aside.parted(rows_of(connection, both, [*aside.values, *values]))
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


def _fetched(connection: Connection, statement: str, values: Sequence[Any]) -> list[Row]:
    with driver_cursor(connection, statement) as cursor:
        cursor.execute(statement, values)
        found: list[Row] = cursor.fetchall()
        return found
