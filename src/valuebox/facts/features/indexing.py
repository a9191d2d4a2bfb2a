"""The index that finds the newest events of a customer, made where there are declarations.

Whoever has none does not pay for it whenever an event is stored; decision 0019 tells the price.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, text

from valuebox.store.migrations.beside import build_index
from valuebox.store.session_settings import is_pooled, without_limits

NEWEST: Final = "ix_events_customer_source_time"
_ON: Final = "events (customer, source, time)"
_SCHEMA: Final = text("SELECT current_schema()")
_BY_ITSELF: Final = "AUTOCOMMIT"
_USUAL: Final = "ix_events_customer_source"
_ON_USUAL: Final = "events (customer, source)"
# SQLite looks at the type in the index, before it fetches the event. PostgreSQL 18 would rather
# skip through the index than walk a part of it.
_ON_SQLITE: Final = "events (customer, source, time, type)"


def index_newest(engine: Engine) -> None:
    """Make the index, unless it is there; on PostgreSQL others store events meanwhile.

    It also finds what the one without the time does, which goes: every event pays for either.
    """
    with _beside(engine) as connection:
        is_lite = connection.dialect.name == "sqlite"
        _replace(connection, NEWEST, _ON_SQLITE if is_lite else _ON, _USUAL)


def drop_newest(engine: Engine) -> None:
    """Put the index without the time in its place again."""
    with _beside(engine) as connection:
        _replace(connection, _USUAL, _ON_USUAL, NEWEST)


def _replace(connection: Connection, name: str, on: str, former: str) -> None:
    if connection.get_execution_options().get("isolation_level") == _BY_ITSELF:
        build_index(connection, name, on)
        connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {former}"))
        return
    connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {on}"))
    connection.execute(text(f"DROP INDEX IF EXISTS {former}"))


@contextmanager
def _beside(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements may take as long as they take, on PostgreSQL each by itself.

    Behind a pooler only transactions have the schema that is set for a session. Where that matters
    the index is made in one, and whoever stores events waits.
    """
    if engine.dialect.name != "postgresql":
        with engine.execution_options(sqlite_write=True).begin() as connection:
            yield connection
        return
    with engine.connect() as connection:
        schema = connection.scalar(_SCHEMA)
    with engine.execution_options(isolation_level=_BY_ITSELF).connect() as connection:
        if connection.scalar(_SCHEMA) == schema:
            if not is_pooled(connection):
                connection.execute(text("SET statement_timeout = 0"))
                connection.execute(text("SET lock_timeout = 0"))
            yield connection
            # Nobody else is to work without limits.
            connection.invalidate()
            return
    with engine.begin() as connection:
        without_limits(connection)
        yield connection
