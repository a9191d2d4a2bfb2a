"""What partitions by month save when a month has expired, and what they cost when rows are stored.

    make bench-months

Two databases of one PostgreSQL hold a month that is old and a part of one that is not: one as it is
after a migration, the other one in partitions. The same requests are stored in both by turns; then
both expire the old month. On an idle machine five million rows take a quarter of an hour.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event
from typing import Annotated, Final

import typer
from benchmarks.measured_service import database_version
from benchmarks.report import measured_with, put_section, table
from benchmarks.speed.metering import Meter
from sqlalchemy import text
from support.databases import Postgres
from support.pruning import pruning
from support.users import estimates, received, users

from valuebox.compartments.ltv import repository
from valuebox.compartments.register import by_month
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.ids import ids_from, new_id
from valuebox.store.partitions.dividing import divide

HEADING: Final = "### How fast months go"
BEFORE, OLD, NEW = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5))
WAYS: Final = ("row by row", "by month")
_ID: Final = (
    "(lpad(to_hex(:since + CAST(n AS bigint) * :step), 12, '0') || '70008000' || "
    "lpad(to_hex(n), 12, '0'))::uuid"
)
_ROWS: Final = (
    f"WITH new AS (SELECT {_ID} AS id FROM generate_series(0, :last) AS n) "  # noqa: S608
    "INSERT INTO {into} SELECT {values} FROM new"
)
FILLED: Final = (
    _ROWS.format(
        into="ltv_features (id, request_id, received_at, user_id, join_date, hidden, stv, "
        "credit_card_level, is_lp, aff_type, is_cancelled, country_segment)",
        values="id, id, now(), (random() * 1e7)::bigint, now() - interval '4 days', 0, 16.277625, "
        "'standard', 1, 'PPS', 0, 'US'",
    ),
    _ROWS.format(
        into="ltv_predictions (id, features_id, model, prediction, lower, upper, predicted_at)",
        values="id, id, 'ltv:ainx7v6tzwqmmkyu', 20.5, 1.25, 80.5, now()",
    ),
)
SIZE: Final = (
    "SELECT sum(pg_total_relation_size(oid)) / 1e6 FROM pg_class WHERE relkind = 'r' "
    "AND (relname LIKE 'ltv\\_features%' OR relname LIKE 'ltv\\_predictions%')"
)


def fill(store: Store, month: datetime, rows: int) -> None:
    """Store rows of a month, evenly over its first 28 days."""
    milliseconds = int(timedelta(days=28).total_seconds() * 1_000)
    about = {
        "since": int(month.timestamp() * 1_000),
        "step": milliseconds // rows,
        "last": rows - 1,
    }
    with store.engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in FILLED:
            connection.execute(text(statement), about)


@contextmanager
def databases(rows: int) -> Iterator[tuple[Postgres, dict[str, Store]]]:
    """Both databases, filled."""
    server = Postgres(durable=True)
    try:
        stores = {way: Store(make_engine(server.new_database())) for way in WAYS}
        for way, store in stores.items():
            migrate.upgrade(store.engine)
            if way == "by month":
                divide(store.engine, by_month(), BEFORE)
            fill(store, OLD, rows)
            fill(store, NEW, rows // 5)
            # Makes the partition of whatever is stored now.
            pruning(store, None, timedelta(days=1)).prune(Event(), patient=True)
            with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as plain:
                plain.execute(text("SET statement_timeout = 0"))
                plain.execute(text("VACUUM ANALYZE"))
        yield server, stores
        for store in stores.values():
            store.close()
    finally:
        server.remove()


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def storing(stores: dict[str, Store], count: int, rounds: int) -> str:
    """A sentence of what a request takes in both, by turns."""
    sent, told = received(users(count)), estimates(*[1.0] * count)

    def store_once(store: Store) -> None:
        request = new_id()
        ids = ids_from(request, count)
        store.insert(repository.new_predictions(ids, request, sent, told, "ltv:a"))

    pairs = []
    for turn in range(rounds + 3):
        order = WAYS if turn % 2 else WAYS[::-1]
        took = {way: seconds(partial(store_once, stores[way])) for way in order}
        pairs.append([took[way] for way in WAYS])
    whole, by_months = (median(one) * 1e3 for one in zip(*pairs[3:], strict=True))
    ratio = median(one[1] / one[0] for one in pairs[3:])
    what = f"{count:,} predictions" if count > 1 else "one prediction"
    return (
        f"{what} {whole:.2f} ms in whole tables and {by_months:.2f} by month, "
        f"{ratio:.3f} times as long in the middle of {rounds} pairs"
    )


def expiring(server: Postgres, stores: dict[str, Store], rows: int) -> str:
    """A table of what it takes both to expire the old month."""
    shown: list[list[object]] = []
    for way, store in stores.items():
        before = megabytes(store)
        old = pruning(store, datetime.now(UTC) - NEW, timedelta(days=1))
        taken = Meter(server, store).taken(partial(old.prune, Event(), patient=True))
        figures = (f"{taken.seconds:.1f}", f"{taken.database:.1f}", int(taken.log / 1e6))
        shown.append([way, *figures, before, megabytes(store)])
    header = ["", "seconds", "PostgreSQL's processor, s", "log, MB", "tables before, MB", "after"]
    return (
        f"{table(header, shown)}\n\n{rows:,} predictions with their features expire, of tables "
        f"with {rows // 5:,} more; row by row `VACUUM` comes on top."
    )


def megabytes(store: Store) -> int:
    """Size of both tables, with all partitions and indices."""
    with store.reading() as session:
        return int(session.scalar(text(SIZE)))


def main(
    rows: Annotated[int, typer.Option(help="Predictions that expire.")] = 5_000_000,
    rounds: Annotated[int, typer.Option(help="Pairs of requests.")] = 40,
    into: Annotated[Path | None, typer.Option(help="Document whose section is replaced.")] = None,
) -> None:
    """Print the figures."""
    with databases(rows) as (server, stores):
        stored = [storing(stores, 10_000, rounds), storing(stores, 1, rounds * 10)]
        content = (
            f"{expiring(server, stores, rows)} Before, a request took {'; '.join(stored)}. "
            f"`make bench-months`, {measured_with(database_version(stores[WAYS[0]]))}"
        )
    print(f"{HEADING}\n\n{content}\n")
    if into:
        put_section(into, HEADING, content)


if __name__ == "__main__":
    typer.run(main)
