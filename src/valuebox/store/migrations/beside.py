"""Changes beside those who read and write: large tables stay open while they are prepared.

A migration names what takes long in a function `beforehand`, which runs outside of its transaction.
It may be cut off, and run by several replicas at once, so it has to find out what is left to do.
"""

import time
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

_POLL_SECONDS: Final = 0.5
_BUILT: Final = text(
    "SELECT indisvalid, EXISTS (SELECT FROM pg_stat_progress_create_index WHERE index_relid = "
    "indexrelid) FROM pg_index WHERE indexrelid = to_regclass(:name)"
)
_EXISTS: Final = "42P07"


def build_index(connection: Connection, name: str, on: str) -> None:
    """Build an index of PostgreSQL while others write, unless it is there.

    Args:
        connection: Which commits every statement by itself.
        name: Of the index.
        on: What follows ON: the table, and how it is indexed.
    """
    while True:
        found = connection.execute(_BUILT, {"name": name}).one_or_none()
        if found is not None:
            is_valid, is_being_built = found
            if is_valid:
                return
            if is_being_built:
                time.sleep(_POLL_SECONDS)
                continue
            # What is left of somebody who was cut off.
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
        try:
            connection.execute(text(f"CREATE INDEX CONCURRENTLY {name} ON {on}"))
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) != _EXISTS:
                raise
