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
# SQLite looks at the type in the index, before it fetches the event. PostgreSQL 18 would rather
# skip through the index than walk a part of it.
_ON_SQLITE: Final = "events (customer, source, time, type)"


def index_newest(engine: Engine) -> None:
    """Make the index, unless it is there; on PostgreSQL others store events meanwhile."""
    with _beside(engine) as connection:
        if connection.dialect.name == "postgresql":
            build_index(connection, NEWEST, _ON)
        else:
            connection.execute(text(f"CREATE INDEX IF NOT EXISTS {NEWEST} ON {_ON_SQLITE}"))
            connection.commit()


def drop_newest(engine: Engine) -> None:
    """Drop the index, if it is there."""
    with _beside(engine) as connection:
        how = "CONCURRENTLY " if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP INDEX {how}IF EXISTS {NEWEST}"))
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
