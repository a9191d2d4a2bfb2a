"""Partitions for the months to come, made while others write, before anything is of these months.

A row for whose month there is no partition goes to the one for all others: nothing is ever refused.
It is moved out of there when the partition of its month is made.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, text

from valuebox.store.partitions.found import after, bound, month_of, partitions_of, pointing_to

AHEAD: Final = 3
"""Months after this one that have a partition already."""
MOST_MOVED: Final = 100_000
"""Rows that are moved at most: nobody reads or writes the table meanwhile."""
LOCK_MS: Final = 500
"""How long a lock is waited for. Others queue behind for as long; and as PostgreSQL looks for
deadlocks after a second, it is never one of them who is ended for one."""
_COLUMNS: Final = text(
    "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
    "WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped"
)

_log = logging.getLogger("valuebox")


def named(table: str, month: date) -> str:
    """Name of the partition of a month."""
    return f"{table}_{month:%Y_%m}"


def rest_of(table: str) -> str:
    """Name of the partition for all rows that no other one is for."""
    return f"{table}_rest"


def is_between(column: str, month: date) -> str:
    """The condition on an id that it is of a month."""
    return f"{column} >= '{bound(month)}' AND {column} < '{bound(after(month))}'"


def missing_months(connection: Connection, tables: Sequence[str], now: datetime) -> list[date]:
    """Months, from this one on, of which some of the tables have no partition."""
    held = [partitions_of(connection, table) for table in tables]
    wanted = [after(month_of(now), count) for count in range(AHEAD + 1)]
    return [
        month for month in wanted if not all(any(one.has(month) for one in some) for some in held)
    ]


def make_month(connection: Connection, tables: Sequence[str], month: date) -> bool:
    """Make the partitions of a month, and move rows there that are of it already.

    Args:
        connection: In a transaction of its own, which is committed at once.
        tables: That are divided, and whose rows belong together, in the order of writing.
        month: Its first day.

    Returns:
        Whether that was done: where very many rows are of the month already, these stay where they
        are.
    """
    connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_MS}"))
    lacking = [
        table
        for table in tables
        if not any(one.has(month) for one in partitions_of(connection, table))
    ]
    for table in lacking:
        within = f"FROM {rest_of(table)} WHERE {is_between('id', month)} LIMIT {MOST_MOVED + 1}"
        moved = connection.scalar(text(f"SELECT count(*) FROM (SELECT {within}) AS moved"))  # noqa: S608
        if moved > MOST_MOVED:
            _log.warning(
                "more than %d rows of %s are in %s: they stay there until they expire",
                *(MOST_MOVED, f"{month:%Y-%m}", rest_of(table)),
            )
            return False
    for table in lacking:
        _make(connection, table, month)
    return True


def _make(connection: Connection, table: str, month: date) -> None:
    new, rest = named(table, month), rest_of(table)
    names = connection.scalar(_COLUMNS, {"name": table})
    pointing = pointing_to(connection, table)
    statements = [
        f"LOCK TABLE {rest} IN ACCESS EXCLUSIVE MODE",
        f"CREATE TABLE {new} (LIKE {table} INCLUDING ALL)",
        # Whatever points to the rows would be deleted with them.
        *(
            f"CREATE TEMPORARY TABLE pointing_{at} ON COMMIT DROP AS "  # noqa: S608
            f"SELECT * FROM {key.table} WHERE {is_between(key.column, month)} FOR UPDATE"
            for at, key in enumerate(pointing)
        ),
        f"WITH moved AS (DELETE FROM {rest} WHERE {is_between('id', month)} RETURNING {names}) "  # noqa: S608
        f"INSERT INTO {new} ({names}) SELECT {names} FROM moved",
        f"ALTER TABLE {table} ATTACH PARTITION {new} "
        f"FOR VALUES FROM ('{bound(month)}') TO ('{bound(after(month))}')",
        *(
            f"INSERT INTO {key.table} SELECT * FROM pointing_{at}"  # noqa: S608
            for at, key in enumerate(pointing)
        ),
        *(f"DROP TABLE pointing_{at}" for at, _ in enumerate(pointing)),
    ]
    for statement in statements:
        connection.execute(text(statement))
