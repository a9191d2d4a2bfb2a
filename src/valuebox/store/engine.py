"""The database: how it is reached, on SQLite and on PostgreSQL."""

import logging
import math
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from valuebox.errors import ValueboxError
from valuebox.store import session_settings, sqlite_values
from valuebox.store.at_once import copy_at_once, insert_at_once, of_its_own, only_until
from valuebox.store.clock import CLOCK
from valuebox.store.deadline import deadline
from valuebox.store.urls import BadDatabaseUrl, parse_url
from valuebox.store.watch import Watch
from valuebox.store.writing import COPY_FROM, Rows, Then, write

THREADS: Final = 8
"""Threads of a worker for requests."""
VIEWS: Final = 2
"""Threads of a worker for views of the dashboard."""
CONNECTIONS: Final = THREADS + 2 * VIEWS + 4
"""Connections of a worker at most: one for each thread and two for each view, and for readiness,
API keys, sums, and what is deleted."""
CONNECT_TIMEOUT_SECONDS = 3
STATEMENT_MS = 20_000
LOCK_MS = 5_000
IDLE_MS = 10_000
"""How long a transaction may wait for its next statement before the server ends it."""
# Well below the service's timeout: what was given up must not be stored later.
_SESSION: Final = {
    "statement_timeout": str(STATEMENT_MS),
    "lock_timeout": str(LOCK_MS),
    "idle_in_transaction_session_timeout": str(IDLE_MS),
}
_AT_ONCE_SECONDS: Final = 2 * STATEMENT_MS / 1000
"""How long two statements that are sent as one may take."""
SQLITE_LOCK_SECONDS = 10
_LARGE_CACHE_KIB: Final = 256 << 10
_TCP_MS = 10_000
_DIVIDED_BY_ZERO: Final = "22012"
# A lock that was not to be had in time, and one of several that somebody wants in another order.
_HELD: Final = frozenset({"55P03", "40P01"})

_log = logging.getLogger("valuebox")


class TooLate(ValueboxError):
    """The work took longer than whoever asked for it waits; nothing of it was stored."""


def make_engine(url: str) -> Engine:
    """An engine for `url`; it connects when first used and notices lost connections.

    Raises:
        BadDatabaseUrl: see `parse_url`.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        try:
            engine = create_engine(
                parsed,
                pool_size=CONNECTIONS,
                max_overflow=0,
                connect_args={"timeout": SQLITE_LOCK_SECONDS},
                json_serializer=sqlite_values.as_json,
            )
        except ArgumentError:
            raise BadDatabaseUrl(
                "DATABASE_URL names no SQLite file; write sqlite:/// and a path"
            ) from None
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        settings = session_settings.settings_of(parsed, _SESSION)
    except ValueError as error:
        raise BadDatabaseUrl(f"options of DATABASE_URL or PGOPTIONS: {error}") from None
    engine = create_engine(
        parsed.difference_update_query(["options"]),
        pool_size=CONNECTIONS,
        max_overflow=0,
        # The one that was used last: its server process has the most at hand.
        pool_use_lifo=True,
        pool_timeout=CONNECT_TIMEOUT_SECONDS,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "application_name": "valuebox",
            "client_encoding": "utf8",
            # A host that is gone says nothing: by default that is noticed after two hours.
            "keepalives_idle": 4,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": _TCP_MS,
        },
    )
    Watch(engine)
    session_settings.install(engine, settings, _SESSION)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # The driver's own transaction handling commits behind our back before DDL.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")
    # Rows wait there for their table, for the length of a transaction.
    connection.execute("PRAGMA temp_store=MEMORY")


def _large_cache(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute(f"PRAGMA cache_size=-{_LARGE_CACHE_KIB}")


def _begin_sqlite(connection: Any) -> None:
    # A reader that later writes cannot wait for another writer; taking the lock first can.
    immediate = connection.get_execution_options().get("sqlite_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def check_connections(engine: Engine, workers: int) -> None:
    """Warn in the log when so many workers may open more connections than the database allows."""
    if engine.dialect.name != "postgresql":
        return
    names = ("superuser_reserved_connections", "reserved_connections")
    # The second one came with PostgreSQL 16; the server answers NULL for what it does not know.
    reserved = " - ".join(f"coalesce(current_setting('{name}', true)::int, 0)" for name in names)
    with engine.connect() as connection:
        query = f"SELECT current_setting('max_connections')::int - {reserved}"
        allowed = connection.execute(text(query)).scalar_one()
    if workers * CONNECTIONS > allowed:
        _log.warning(
            "%d workers may open up to %d database connections, but PostgreSQL allows %d; "
            "lower VALUEBOX_WORKERS or raise max_connections",
            workers,
            workers * CONNECTIONS,
            allowed,
        )


def is_fresh(moment: float) -> bool:
    """Whether statements may still be sent as one, for somebody who waits until `moment`."""
    return time.monotonic() < moment - _AT_ONCE_SECONDS


def is_in_time(moment: float) -> bool:
    """Whether a transaction may still be committed for somebody who waits until `moment`."""
    return time.monotonic() <= moment - IDLE_MS / 1000


def _limits() -> list[Then]:
    """What has the server store nothing more when nobody waits any more."""
    left = deadline() - time.monotonic()
    return [] if math.isinf(left) else [only_until(CLOCK.moment() + timedelta(seconds=left))]


def _refuse_late() -> None:
    # The order to commit may be held up on its way. The server obeys it for as long as it lets a
    # transaction wait; whoever asked still waits then, and is not told too early.
    if not is_in_time(deadline()):
        raise TooLate


def _limits_in_time() -> list[Then]:
    _refuse_late()
    return _limits()


@contextmanager
def _heeding_limits() -> Iterator[None]:
    """In the block, a limit that the server found to be over is `TooLate`."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) == _DIVIDED_BY_ZERO:
            raise TooLate from None
        raise


def reason(error: DBAPIError) -> str:
    """What the driver says went wrong, in one line; the lines after it are hints."""
    return str(error.orig).strip().splitlines()[0]


def is_held(error: DBAPIError) -> bool:
    """Whether PostgreSQL gave up because somebody else held what was needed."""
    return getattr(error.orig, "pgcode", None) in _HELD


class Store:
    """The database as the rest of the code sees it: units of work, nothing else."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._engine_to_write = engine.execution_options(sqlite_write=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session whose changes are never kept."""
        with Session(self.engine) as session:
            yield session

    @property
    def reads_side_by_side(self) -> bool:
        """Whether two connections answer sooner than one: SQLite computes in this process."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A connection for a single question, without a transaction around it where none is needed.

        PostgreSQL would be asked three times: to begin, to answer, and to end.
        """
        with self.engine.connect() as connection:
            # Behind a pooler only a transaction of SQLAlchemy's has a limit to its time.
            if self.engine.dialect.name == "postgresql" and not session_settings.is_pooled(
                connection
            ):
                with of_its_own(connection):
                    yield connection
            else:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One unit of work: all of it is committed at the end, or none of it.

        Raises:
            TooLate: when the deadline is too near to commit.
        """
        with Session(self._engine_to_write) as session, session.begin():
            yield session
            session.flush()
            _refuse_late()

    def insert(self, rows: Iterable[Rows | Then]) -> None:
        """One unit of work that inserts rows, if any, and does nothing else; see `writing.write`.

        Raises:
            TooLate: see `writing`.
        """
        tables = iter(rows)
        first = next(tables, None)
        if first is None:
            return
        few = isinstance(first, Rows) and first.count < COPY_FROM
        if self.engine.dialect.name == "postgresql" and (not few or is_fresh(deadline())):
            with self.engine.connect() as connection, _heeding_limits():
                # Behind a pooler only a transaction of SQLAlchemy's has a limit to its time.
                if not session_settings.is_pooled(connection):
                    if few:
                        insert_at_once(connection, [*_limits(), first, *tables])
                    else:
                        copy_at_once(connection, chain([first], tables), _limits_in_time)
                    return
        with self.writing() as session:
            write(session, chain([first], tables))

    def expect_many_rows(self) -> None:
        """Give SQLite memory for the indexes of millions of rows, which come in any order."""
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _large_cache)
            self.engine.dispose()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
