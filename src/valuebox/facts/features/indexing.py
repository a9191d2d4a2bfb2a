"""The index that finds the newest events of a customer, made where there are declarations.

Whoever has none does not pay for it whenever an event is stored; decision 0019 tells the price.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, text

from valuebox.store.migrations.beside import build_index
from valuebox.store.session_settings import is_pooled

NEWEST: Final = "ix_events_customer_source_time"
_ON: Final = "events (customer, source, time)"
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
    if connection.dialect.name == "postgresql":
        build_index(connection, name, on)
        connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {former}"))
        return
    connection.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {on}"))
    connection.execute(text(f"DROP INDEX IF EXISTS {former}"))
    connection.commit()


@contextmanager
def _beside(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements may take as long as they take, each by itself."""
    if engine.dialect.name != "postgresql":
        with engine.execution_options(sqlite_write=True).connect() as connection:
            yield connection
        return
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        if not is_pooled(connection):
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("SET lock_timeout = 0"))
        yield connection
        # Nobody else is to work without limits.
        connection.invalidate()
