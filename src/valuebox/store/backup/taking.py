"""All rows of a database as files, as of one moment, while others write on."""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, Table, inspect, text
from sqlalchemy.sql.ddl import sort_tables

from valuebox.store.backup.lines import kind_of, written
from valuebox.store.backup.manifest import BadBackup, Column, TableFile, measured
from valuebox.store.base import Base
from valuebox.store.histories import OURS, History
from valuebox.store.session_settings import without_limits
from valuebox.store.writing import driver_cursor

LEVEL: Final = 1
"""How hard gzip tries: more takes far longer, and saves little of rows whose ids are random."""
_ROWS: Final = 2_000
_LOCK_SECONDS: Final = 60


def take(
    engine: Engine, others: Sequence[History], folder: Path
) -> tuple[dict[str, str], list[TableFile]]:
    """Write the rows of every table into a folder, as of one moment.

    Nobody waits for it, other than migrations. Memory is bounded, whatever there is.

    Args:
        engine: Of the database.
        others: Histories of packages that have tables of their own.
        folder: An empty one.

    Returns:
        How far the database is migrated, by owner of the tables, and what was written.

    Raises:
        BadBackup: when the tables are not those of this version, or of a package that is not here.
    """
    with engine.connect() as connection:
        _current(connection, others)
    tables = sort_tables(Base.metadata.tables.values())
    with _as_of_now(engine, tables) as connection:
        return _current(connection, others), [_take(connection, one, folder) for one in tables]


def revisions_of(connection: Connection, others: Sequence[History]) -> dict[str, str]:
    """How far a database is migrated, by owner of the tables; empty for an empty one.

    Raises:
        BadBackup: when it has tables of a package that is not installed here.
    """
    known = {one.version_table: one for one in (OURS, *others)}
    there = inspect(connection).get_table_names()
    for name in there:
        if name.startswith(f"{OURS.version_table}_") and name not in known:
            owner = name.removeprefix(f"{OURS.version_table}_")
            raise BadBackup(
                f"the database has tables of {owner}, whose package is not installed here; install "
                f"it, and if they are not needed, `valuebox db remove {owner}` takes them away"
            )
    found = {one.owner: one.revision(connection) for one in known.values()}
    return {owner: revision for owner, revision in found.items() if revision is not None}


def _current(connection: Connection, others: Sequence[History]) -> dict[str, str]:
    """How far a database is migrated, which is as far as this version migrates it."""
    revisions = revisions_of(connection, others)
    if not revisions:
        name = f"{connection.dialect.name} database {connection.engine.url.database}"
        raise BadBackup(
            f"the {name} has no tables: there is nothing to back up, or DATABASE_URL names another "
            "one than the service uses"
        )
    for one in (OURS, *others):
        if revisions.get(one.owner) != one.head:
            raise BadBackup(
                f"the tables of {one.owner or 'valuebox'} are not those of this version; `valuebox "
                "db upgrade` brings them there, or the newer version that did makes the backup"
            )
    return revisions


@contextmanager
def _as_of_now(engine: Engine, tables: Sequence[Table]) -> Iterator[Connection]:
    """A connection that sees what was committed at one moment, and nothing that comes after it."""
    if engine.dialect.name == "sqlite":
        # A transaction of a file in WAL mode goes on reading what its first statement has seen.
        with engine.begin() as connection:
            yield connection
        return
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.execution_options(**options).begin() as connection:
        without_limits(connection)
        # Written alike, whatever the role or the database say.
        for setting in (
            f"lock_timeout = '{_LOCK_SECONDS}s'",
            "timezone = 'UTC'",
            "datestyle = 'ISO'",
            "bytea_output = 'hex'",
            "extra_float_digits = 1",
        ):
            connection.execute(text(f"SET LOCAL {setting}"))
        # Before anything is read: of a table that a migration writes anew meanwhile nothing would
        # be seen.
        quote = engine.dialect.identifier_preparer.quote
        named = ", ".join(quote(one.name) for one in tables)
        connection.execute(text(f"LOCK TABLE {named} IN ACCESS SHARE MODE"))
        yield connection


def _take(connection: Connection, table: Table, folder: Path) -> TableFile:
    columns = tuple(Column(name=one.name, kind=kind_of(one.type)) for one in table.columns)
    path = folder / f"{table.name}.rows.gz"
    quote = connection.dialect.identifier_preparer.quote
    named = ", ".join(quote(one.name) for one in columns)
    with gzip.open(path, "wb", compresslevel=LEVEL) as file:
        if connection.dialect.name == "postgresql":
            # Of a table with partitions PostgreSQL copies nothing but the answer to a question.
            statement = f"COPY (SELECT {named} FROM {quote(table.name)}) TO STDOUT"  # noqa: S608
            with driver_cursor(connection, statement) as cursor:
                cursor.copy_expert(statement, file)
                rows = cursor.rowcount
        else:
            rows = 0
            kinds = [one.kind for one in columns]
            statement = f"SELECT {named} FROM {quote(table.name)}"  # noqa: S608
            with driver_cursor(connection, statement) as cursor:
                cursor.execute(statement)
                while some := cursor.fetchmany(_ROWS):
                    file.write(written(some, kinds))
                    rows += len(some)
    return TableFile(table=table.name, columns=columns, rows=rows, **measured(path))
