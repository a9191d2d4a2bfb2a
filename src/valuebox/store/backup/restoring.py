"""The rows of a backup into a database, of the other kind too: all of them, or none."""

import gzip
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, MetaData, Table, inspect, select, text
from sqlalchemy.sql.ddl import sort_tables

from valuebox.store import migrate
from valuebox.store.backup.lines import read
from valuebox.store.backup.manifest import BadBackup, Manifest, TableFile
from valuebox.store.backup.taking import revisions_of
from valuebox.store.base import Base
from valuebox.store.compatibility import SchemaPromise
from valuebox.store.histories import OURS, History
from valuebox.store.writing import driver_cursor

_ROWS: Final = 2_000
_FUNCTIONS: Final = (
    "SELECT DISTINCT tgfoid::regprocedure::text FROM pg_trigger JOIN pg_class ON "
    "pg_class.oid = tgrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE nspname = current_schema() AND NOT tgisinternal AND relname = ANY(:tables)"
)
_COUNTERS: Final = (
    "SELECT quote_ident(owner.relname), quote_ident(attname), counter.oid::regclass::text "
    "FROM pg_class AS counter JOIN pg_depend ON objid = counter.oid AND deptype IN ('a', 'i') "
    "JOIN pg_class AS owner ON owner.oid = refobjid "
    "JOIN pg_attribute ON attrelid = owner.oid AND attnum = refobjsubid "
    "JOIN pg_namespace ON pg_namespace.oid = owner.relnamespace "
    "WHERE counter.relkind = 'S' AND owner.relname = ANY(:tables) AND nspname = current_schema()"
)


def restore(
    engine: Engine,
    manifest: Manifest,
    folder: Path,
    others: Sequence[History],
    *,
    replace: bool,
    begun_with: Collection[str],
) -> str:
    """Fill a database with the rows of a backup, and migrate it; return the revision reached.

    Args:
        engine: Of the database, which no service uses meanwhile.
        manifest: Of the backup, as `manifest.read` has checked it.
        folder: Where its files are.
        others: Histories of packages that have tables of their own.
        replace: Whether whatever the database holds is deleted.
        begun_with: Tables that have a row as soon as they are there.

    Raises:
        BadBackup: when the database is not empty, or the backup has tables of a newer version or
            of a package that is not here.
        DatabaseAway, SchemaUnknown, UnsuitableDatabase: see `migrate.upgrade`.
    """
    there = check(engine, manifest, others, replace=replace, begun_with=begun_with)
    if there:
        # Whatever there is becomes known by name, and so can be taken away.
        migrate.upgrade(engine, others=others)
    with migrate.migrating(engine) as connection:
        if there:
            _remove(connection, others)
        migrate.check(connection)
        for history in (OURS, *others):
            if history.owner in manifest.revisions:
                migrate.upgrade_to(connection, history, manifest.revisions[history.owner])
        _fill(connection, manifest, folder)
    return migrate.upgrade(engine, others=others)


def check(
    engine: Engine,
    manifest: Manifest,
    others: Sequence[History],
    *,
    replace: bool,
    begun_with: Collection[str],
) -> Mapping[str, str]:
    """Check that a backup can be restored into a database, without changing anything there.

    Args:
        engine: See `restore`, as for all others.
        manifest: Of the backup.
        others: Histories of packages.
        replace: Whether the database may hold something.
        begun_with: Tables that have a row as soon as they are there.

    Returns:
        How far the database is migrated, by owner of the tables; empty for an empty one.

    Raises:
        BadBackup: when it cannot.
        SchemaUnknown, UnsuitableDatabase: when no valuebox can use the database.
    """
    of_backup = f"the backup was made by valuebox {manifest.valuebox}"
    _check_known(manifest.revisions, others, of_backup)
    with engine.connect() as connection:
        migrate.check(connection)
        there = revisions_of(connection, others)
        _check_known(there, others, "the database was migrated by a newer version")
        filled = _filled(connection, {*begun_with, SchemaPromise.__tablename__})
    if filled and not replace:
        raise BadBackup(
            f"the database is not empty ({filled} has rows, for one); give another one, or "
            "--replace, which deletes all that it holds"
        )
    return there


def _check_known(revisions: Mapping[str, str], others: Sequence[History], what: str) -> None:
    known = {one.owner: one for one in (OURS, *others)}
    for owner, revision in revisions.items():
        if owner not in known:
            raise BadBackup(f"{what}, with tables of {owner}, whose package is not installed here")
        if revision > known[owner].head:
            raise BadBackup(
                f"{what}, with tables of {owner or 'valuebox'} at revision {revision}, which this "
                "version does not know; use that version or a newer one"
            )


def _filled(connection: Connection, begun_with: Collection[str]) -> str | None:
    """The name of a table of ours that holds rows; None for an empty database."""
    there = set(inspect(connection).get_table_names())
    for name in sorted(there.intersection(Base.metadata.tables).difference(begun_with)):
        query = select(Base.metadata.tables[name].primary_key.columns.values()[0]).limit(1)
        if connection.execute(query).first() is not None:
            return name
    return None


def _remove(connection: Connection, others: Sequence[History]) -> None:
    tables = [*Base.metadata.tables.values()]
    tables += [Table(one.version_table, MetaData()) for one in (OURS, *others)]
    functions: Sequence[str] = []
    if connection.dialect.name == "postgresql":
        names = {"tables": [one.name for one in tables]}
        functions = connection.scalars(text(_FUNCTIONS), names).all()
    for one in reversed(sort_tables(tables)):
        one.drop(connection, checkfirst=True)
    for function in functions:
        connection.execute(text(f"DROP FUNCTION {function}"))


def _fill(connection: Connection, manifest: Manifest, folder: Path) -> None:
    made = MetaData()
    made.reflect(connection, only=[one.table for one in manifest.tables])
    if connection.dialect.name == "postgresql":
        for setting in ("timezone = 'UTC'", "datestyle = 'ISO'"):
            connection.execute(text(f"SET LOCAL {setting}"))
    with _untriggered(connection, made):
        # Rows that migrations begin with are in the backup too.
        for table in reversed(made.sorted_tables):
            connection.execute(table.delete())
        for one in manifest.tables:
            rows = _fill_table(connection, one, folder / one.file)
            if rows != one.rows:
                raise BadBackup(f"{folder / one.file} has {rows} rows, and should have {one.rows}")
    if connection.dialect.name == "postgresql":
        names = {"tables": [one.table for one in manifest.tables]}
        for table, column, counter in connection.execute(text(_COUNTERS), names).all():
            connection.execute(
                text(f"SELECT setval('{counter}', max({column})) FROM {table}")  # noqa: S608
            )
        named = ", ".join(map(connection.dialect.identifier_preparer.quote, made.tables))
        connection.execute(text(f"ANALYZE {named}"))


@contextmanager
def _untriggered(connection: Connection, tables: MetaData) -> Iterator[None]:
    """In the block, the database notes nothing of what changes: the notes are in the backup."""
    quote = connection.dialect.identifier_preparer.quote
    if connection.dialect.name == "postgresql":
        for name in tables.tables:
            connection.execute(text(f"ALTER TABLE {quote(name)} DISABLE TRIGGER USER"))
        yield
        for name in tables.tables:
            connection.execute(text(f"ALTER TABLE {quote(name)} ENABLE TRIGGER USER"))
        return
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = found.all()
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {quote(name)}")
    yield
    for _, made_by in triggers:
        connection.exec_driver_sql(made_by)


def _fill_table(connection: Connection, table: TableFile, path: Path) -> int:
    quote = connection.dialect.identifier_preparer.quote
    named = ", ".join(quote(one.name) for one in table.columns)
    with gzip.open(path, "rb") as file:
        if connection.dialect.name == "postgresql":
            statement = f"COPY {quote(table.table)} ({named}) FROM STDIN"
            with driver_cursor(connection, statement) as cursor:
                cursor.copy_expert(statement, file)
                return int(cursor.rowcount)
        marks = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {quote(table.table)} ({named}) VALUES ({marks})"  # noqa: S608
        with driver_cursor(connection, statement) as cursor:
            return sum(
                cursor.executemany(statement, rows).rowcount for rows in _batches(file, table)
            )


def _batches(file: Iterable[bytes], table: TableFile) -> Iterator[Sequence[Sequence[object]]]:
    kinds = [one.kind for one in table.columns]
    while some := [*islice(file, _ROWS)]:
        yield [*read([line.decode()[:-1] for line in some], kinds)]
