"""Bringing a database to the schema that this code needs, once, whoever comes first.

Alembic is imported where there is something to migrate: whoever only asks how far a database is, as
every worker does, goes without it.
"""

import functools
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from valuebox.errors import ValueboxError
from valuebox.store.engine import reason
from valuebox.store.promise import is_promised, put_promise, works_from
from valuebox.store.suitability import check_suitable

if TYPE_CHECKING:
    from alembic.config import Config

# Any number that nothing else on the same PostgreSQL uses: "valu" in ASCII.
_LOCK = 0x76616C75
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_VERSION_TABLE: Final = "alembic_version"

_log = logging.getLogger("valuebox")


class DatabaseAway(ValueboxError):
    """The database did not answer in time."""


class SchemaUnknown(ValueboxError):
    """The database carries a revision that this code does not know, or tables without any."""


def upgrade(engine: Engine, wait_seconds: float = 0.0) -> str:
    """Apply all pending migrations under a lock and return the revision reached.

    Replicas that start together queue at the lock; the later ones find nothing to do.

    Args:
        engine: Of the database to upgrade.
        wait_seconds: How long to wait for a database that does not answer yet.

    Raises:
        DatabaseAway: when it still does not answer after that, or refuses to be migrated.
        UnsuitableDatabase: when it could not hold what is stored.
        SchemaUnknown: when a newer valuebox has migrated it to what this one cannot work with, or
            when it has tables that no valuebox made, as far as can be told.
    """
    _wait_for(engine, wait_seconds)
    try:
        return _upgrade(engine)
    except DBAPIError as error:
        raise DatabaseAway(
            f"the {engine.dialect.name} database cannot be migrated: {reason(error)}"
        ) from None


def _upgrade(engine: Engine) -> str:
    with engine.execution_options(sqlite_write=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            # Waiting for another replica, and migrating much, may take as long as they take.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        check_suitable(connection)
        _refuse_foreign(connection)
        before = _revision(connection)
        if before == _head():
            return before
        if is_promised(connection, before, _head()):
            _log.info("the database was migrated to %s by a newer version", before)
            return before or ""
        reached = _migrate(connection)
        _log.info("database migrated from %s to %s", before or "nothing", reached)
        return reached


def _migrate(connection: Connection) -> str:
    """Apply the migrations that are missing, and return the revision reached."""
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise SchemaUnknown(
            f"the database is at revision {_revision(connection)!r}, which this version of "
            "valuebox does not know; run the version that migrated it, or a newer one"
        ) from None
    put_promise(connection, _head(), works_from(ScriptDirectory.from_config(config)))
    return _head()


def _refuse_foreign(connection: Connection) -> None:
    """Migrations begin on nothing; on tables of others they would end in the middle."""
    tables = set(inspect(connection).get_table_names()) - {_VERSION_TABLE}
    if tables and _revision(connection) is None:
        raise SchemaUnknown(
            f"the database has tables ({min(tables)}, for one) but no revision in alembic_version: "
            "it is somebody else's, or damaged; give valuebox an empty one, or restore a backup"
        )


def is_current(engine: Engine) -> bool:
    """Whether the database answers, and is at a revision that this code works with."""
    try:
        with engine.connect() as connection:
            revision = _revision(connection)
            return revision == _head() or is_promised(connection, revision, _head())
    except SQLAlchemyError:
        return False


@functools.cache
def _head() -> str:
    """The newest revision: migrations are numbered, and their files begin with the number."""
    return max(file.name.partition("_")[0] for file in _MIGRATIONS.glob("versions/[0-9]*.py"))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    return connection.scalar(select(column("version_num")).select_from(table(_VERSION_TABLE)))


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


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
