"""A large database: two years of predictions in months, and of events in one table."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import typer
from benchmarks.speed import dashboard
from sqlalchemy import text
from support.databases import Postgres

from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.register import by_month
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.partitions import ahead
from valuebox.store.partitions.dividing import divide
from valuebox.store.partitions.found import after, beginning, month_of
from valuebox.store.session_settings import without_limits

WEEKS: Final = dashboard.WEEKS
# Of a simulated user a day there are so many predictions in two years.
_OF_ONE_A_DAY: Final = 272 * WEEKS
_AT_ONCE: Final = 2_000_000
SIDE_BY_SIDE: Final = 2
# Nothing is lost that could not be made again; afterwards all is as it is by default.
_QUICK: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "'4GB'",
    "maintenance_work_mem": "'512MB'",
}
_INDICES: Final = text(
    "SELECT 'ALTER TABLE events DROP CONSTRAINT ' || conname, format('ALTER TABLE events ADD "
    "CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint "
    "WHERE conrelid = 'events'::regclass AND contype = 'p' UNION ALL "
    "SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index "
    "WHERE indrelid = 'events'::regclass AND NOT indisprimary"
)
_EVENTS: Final = text(
    "INSERT INTO events (source, id, customer, session, type, time, amount, currency, properties, "
    "received_at) SELECT 'shop', 'e' || n, (random() * :customers)::int, "
    "CASE WHEN n % 10 = 0 THEN 's' || n / 50 END, "
    "(ARRAY['bought', 'like', 'share', 'nothing'])[1 + n % 4], moment, "
    "CASE WHEN n % 4 = 0 THEN round((random() * 20)::numeric, 2) END, "
    "CASE WHEN n % 4 = 0 THEN 'USD' END, "
    "json_build_object('category', (ARRAY['japanese', 'chinese', 'french', 'german'])"
    "[1 + (random() * 3)::int], 'meal', n % 900), moment + interval '1 second' "
    "FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n, "
    "LATERAL (SELECT CAST(:since AS timestamptz) + n * CAST(:step AS interval) AS moment) AS at"
)
_CUSTOMERS: Final = text(
    "INSERT INTO customers (source, id, created, received_at, changed_at) "
    "SELECT 'shop', n, :since, :since, :since FROM generate_series(0, :customers) AS n"
)


def filled(server: Postgres, model: LtvModel, predictions: int, events: int) -> str:
    """Make a database with about so many rows, and return its URL."""
    began = time.monotonic()
    server.execute(*(f"ALTER SYSTEM SET {name} = {value}" for name, value in _QUICK.items()))
    server.execute("SELECT pg_reload_conf()")
    url = server.new_database()
    store = Store(make_engine(url))
    migrate.upgrade(store.engine)
    divide_since(store, datetime.now(UTC) - timedelta(weeks=WEEKS))
    with ThreadPoolExecutor() as pool:
        beside = pool.submit(fill_events, url, events)
        dashboard.fill(store, model, True, max(1, round(predictions / _OF_ONE_A_DAY)))
        typer.echo(f"predictions: {time.monotonic() - began:.0f} s")
        beside.result()
    run(store, "VACUUM ANALYZE", "CHECKPOINT")
    store.close()
    server.execute(*(f"ALTER SYSTEM RESET {name}" for name in _QUICK))
    server.execute("SELECT pg_reload_conf()")
    typer.echo(f"all: {time.monotonic() - began:.0f} s")
    return url


def divide_since(store: Store, moment: datetime) -> None:
    """Divide tables as they would be now if that had been done then, month by month."""
    tables = by_month()
    divide(store.engine, tables, moment)
    month = month_of(moment)
    while beginning(month) < datetime.now(UTC):
        with store.writing() as session:
            ahead.make_month(session.connection(), tables, month)
        month = after(month)


def fill_events(url: str, events: int) -> None:
    """Store two years of events, and customers, with indices that are made at the end."""
    began = time.monotonic()
    store = Store(make_engine(url))
    since = datetime.now(UTC) - timedelta(weeks=WEEKS)
    customers = max(10, events // 100)
    step = timedelta(weeks=WEEKS) / (events + 1)
    with store.engine.begin() as connection:
        # Somebody else may have the table looked over.
        without_limits(connection)
        indices = connection.execute(_INDICES).all()
        for drop, _ in indices:
            connection.execute(text(drop))
        connection.execute(_CUSTOMERS, {"since": since, "customers": customers})

    def some(first: int) -> None:
        with store.engine.begin() as connection:
            without_limits(connection)
            last = min(first + _AT_ONCE, events) - 1
            about = {"first": first, "last": last, "since": since, "step": step}
            connection.execute(_EVENTS, {**about, "customers": customers})

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(some, range(0, events, _AT_ONCE)))
        typer.echo(f"events: {time.monotonic() - began:.0f} s")
        list(pool.map(partial(run, store), (make for _, make in indices)))
    typer.echo(f"their indices: {time.monotonic() - began:.0f} s")
    store.close()


def run(store: Store, *statements: str) -> None:
    """Run statements that may take any time, each by itself."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in ("SET statement_timeout = 0", "SET lock_timeout = 0", *statements):
            connection.execute(text(statement))
