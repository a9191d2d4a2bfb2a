"""Changes beside those who read and write: large tables stay open while they are prepared.

A migration does what takes long on PostgreSQL in a function `beforehand`, which runs outside of its
transaction. It may be cut off, run by several replicas at once, or not at all: it has to find out
what is left to do, and the migration itself has to do what is still left then.
"""

import time
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from valuebox.store.partitions.found import partitions_of

_POLL_SECONDS: Final = 0.5
_FOUND: Final = text(
    "SELECT relname, indisvalid, amname, EXISTS (SELECT FROM pg_stat_progress_create_index "
    "WHERE index_relid = indexrelid) AS is_being_built "
    "FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam "
    "WHERE relname IN (:name, :becomes) AND pg_table_is_visible(indexrelid)"
)
_EXISTS: Final = "42P07"


def build_index(connection: Connection, name: str, on: str, becomes: str | None = None) -> None:
    """Build an index of PostgreSQL while others write, unless it is there.

    Args:
        connection: Which commits every statement by itself.
        name: Of the index.
        on: What follows ON: the table, and how it is indexed.
        becomes: Name of an index of another kind, whose place and name the new one takes in the
            end: another replica may be done with that.
    """
    is_left, how = False, "CONCURRENTLY"
    table, _, indexed = on.partition(" ")
    for one in partitions_of(connection, table):
        # PostgreSQL builds none of a table in partitions beside others, but takes what these have.
        build_index(
            connection, f"{name}_{one.name.removeprefix(f'{table}_')}", f"{one.name} {indexed}"
        )
        how = ""
    while True:
        names = {"name": name, "becomes": becomes}
        found = {one.relname: one for one in connection.execute(_FOUND, names)}
        own, former = found.get(name), found.get(becomes)
        if own is None:
            if former is not None and f" USING {former.amname} " in on:
                return
            try:
                connection.execute(text(f"CREATE INDEX {how} {name} ON {on}"))
            except DBAPIError as error:
                if getattr(error.orig, "pgcode", None) != _EXISTS:
                    raise
        elif own.indisvalid:
            return
        elif own.is_being_built or not is_left:
            # Whoever builds it tells so until shortly before it is valid.
            is_left = not own.is_being_built
            time.sleep(_POLL_SECONDS)
        else:
            # What is left of somebody who was cut off.
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
