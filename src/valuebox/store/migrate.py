"""Bringing a database to the schema that this code needs, once, whoever comes first.

Alembic is imported where there is something to migrate: whoever only asks how far a database is, as
every worker does, goes without it.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal

from sqlalchemy import Connection, Engine, MetaData, Table, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.schema import DropTable
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random

from valuebox.errors import ValueboxError
from valuebox.store.compatibility import is_promised, put_promise, withdraw_promise
from valuebox.store.engine import is_held, reason
from valuebox.store.histories import OURS, History
from valuebox.store.session_settings import is_pooled, without_limits
from valuebox.store.suitability import check_suitable

# Any number that nothing else on the same PostgreSQL uses: "valu" in ASCII.
_LOCK = 0x76616C75
_LOCK_MS: Final = 2_000
_SCHEMA: Final = text("SELECT current_schema()")
_PATIENCE_SECONDS: Final = 600

_log = logging.getLogger("valuebox")


class DatabaseAway(ValueboxError):
    """The database did not answer in time."""


class SchemaUnknown(ValueboxError):
    """The database carries a revision that this code does not know, or tables without any."""


class TablesHeld(DatabaseAway):
    """Somebody held a table that has to be changed, for longer than requests may wait behind.

    Or wanted to have another one that this migration held.
    """


def upgrade(engine: Engine, wait_seconds: float = 0.0, others: Sequence[History] = ()) -> str:
    """Apply all pending migrations under a lock and return the revision reached.

    Replicas that start together queue at the lock; the later ones find nothing to do. All is
    migrated, or nothing. Requests go on meanwhile: what takes long is prepared beside them, and a
    table that somebody holds is not waited for longer than they can wait behind.

    Args:
        engine: Of the database to upgrade.
        wait_seconds: How long to wait for a database that does not answer yet.
        others: Histories of packages that have tables of their own, which come after ours.

    Raises:
        DatabaseAway: when it still does not answer after that, or refuses to be migrated.
        UnsuitableDatabase: when it could not hold what is stored.
        SchemaUnknown: when a newer valuebox has migrated it to what this one cannot work with, or
            when it has tables that no valuebox made, as far as can be told.
    """
    _wait_for(engine, wait_seconds)
    for history in (OURS, *others):
        _prepare(engine, history)
    return _upgrade_all(engine, (OURS, *others))


@retry(
    retry=retry_if_exception_type(TablesHeld),
    wait=wait_random(1, 3),
    stop=stop_after_delay(_PATIENCE_SECONDS),
    reraise=True,
)
def _upgrade_all(engine: Engine, histories: Sequence[History]) -> str:
    with migrating(engine) as connection:
        check(connection)
        reached, *_ = [_upgrade(connection, history) for history in histories]
        return reached


def remove(engine: Engine, history: History) -> None:
    """Take the tables of a package away, with all that is in them, by going back to nothing.

    Raises:
        DatabaseAway: when the database does not answer, or refuses.
        SchemaUnknown: when a newer version of the package has migrated it.
    """
    with migrating(engine) as connection:
        if history.revision(connection) is not None:
            _run(connection, history, "downgrade", "base")
            connection.execute(DropTable(Table(history.version_table, MetaData())))
            withdraw_promise(connection, history)


def is_current(engine: Engine, others: Sequence[History] = ()) -> bool:
    """Whether the database answers, and is at revisions that this code works with."""
    try:
        with engine.connect() as connection:
            return all(_is_current(connection, history) for history in (OURS, *others))
    except SQLAlchemyError:
        return False


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A transaction in which nobody else migrates."""
    try:
        with engine.execution_options(sqlite_write=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                # Waiting for another replica, and migrating much, may take as long as they take.
                without_limits(connection)
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                # Whoever wants the table meanwhile queues behind us, and gives up after a while.
                connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_MS}"))
            yield connection
    except DBAPIError as error:
        raise (TablesHeld if is_held(error) else DatabaseAway)(
            f"the {engine.dialect.name} database cannot be migrated: {reason(error)}"
        ) from None


def _prepare(engine: Engine, history: History) -> None:
    """Do what pending migrations do beforehand, beside those who use the tables of PostgreSQL."""
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        before, schema = history.revision(connection), connection.scalar(_SCHEMA)
    if before is None or before >= history.head:
        return
    try:
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            # What a pooler's session is told stays with it, and only transactions have our schema.
            if not is_pooled(connection):
                connection.execute(text("SET statement_timeout = 0"))
                connection.execute(text("SET lock_timeout = 0"))
            if connection.scalar(_SCHEMA) == schema:
                for script in reversed([*history.scripts.iterate_revisions("head", before)]):
                    if beforehand := getattr(script.module, "beforehand", None):
                        beforehand(connection)
            # Nobody else is to work without limits.
            connection.invalidate()
    except DBAPIError as error:
        raise DatabaseAway(
            f"the {engine.dialect.name} database cannot be migrated: {reason(error)}"
        ) from None


def _upgrade(connection: Connection, history: History) -> str:
    before = history.revision(connection)
    if before == history.head:
        return before
    if is_promised(connection, history, before):
        _log.info("the database was migrated to %s by a newer version", history.named(before or ""))
        return before or ""
    _run(connection, history, "upgrade", "head")
    put_promise(connection, history)
    after = "nothing" if before is None else history.named(before)
    _log.info("database migrated from %s to %s", after, history.named(history.head))
    return history.head


def upgrade_to(connection: Connection, history: History, revision: str) -> None:
    """Make the tables as an earlier version had them.

    Args:
        connection: As `migrating` gives it, to a database without tables of this history.
        history: Whose tables.
        revision: One that this version knows.
    """
    _run(connection, history, "upgrade", revision)


def _run(
    connection: Connection, history: History, change: Literal["upgrade", "downgrade"], to: str
) -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        getattr(command, change)(history.config(connection), to)
    except CommandError:
        raise SchemaUnknown(
            f"the database is at revision {history.revision(connection)!r}, which this version of "
            f"{history.owner or 'valuebox'} does not know; run the version that migrated it, or a "
            "newer one"
        ) from None


def check(connection: Connection) -> None:
    """See that a database can hold our tables, and holds none of somebody else's.

    Migrations begin on nothing; on tables of others they would end in the middle.

    Raises:
        UnsuitableDatabase: when it could not hold what is stored.
        SchemaUnknown: when it has tables that no valuebox made, as far as can be told.
    """
    check_suitable(connection)
    tables = set(inspect(connection).get_table_names()) - {OURS.version_table}
    if tables and OURS.revision(connection) is None:
        raise SchemaUnknown(
            f"the database has tables ({min(tables)}, for one) but no revision in alembic_version: "
            "it is somebody else's, or damaged; give valuebox an empty one, or restore a backup"
        )


def _is_current(connection: Connection, history: History) -> bool:
    revision = history.revision(connection)
    return revision == history.head or is_promised(connection, history, revision)


def _wait_for(engine: Engine, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with engine.connect():
                return
        except DBAPIError as error:
            # Waiting helps against a database that is away, not against a wrong URL or file.
            if time.monotonic() >= deadline or not isinstance(error, OperationalError):
                raise DatabaseAway(
                    f"the {engine.dialect.name} database does not answer: {reason(error)}"
                ) from None
            time.sleep(0.5)
