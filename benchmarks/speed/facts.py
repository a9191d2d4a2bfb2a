"""How fast facts get into PostgreSQL, beside a plain COPY of the same rows, and out again.

    make bench-facts

The same events go five ways, in batches of the same size, each committed: by COPY into a table
that has what is needed and no more, which checks nothing and fails on what it has already; by
`put_events`; by `POST /v1/events` to a service with two workers, and to it as raw events without
ids; and by `valuebox import` from a Parquet file. Then `put_events` goes on until there are ten
million, and all of another five million are read, as analyses do. On an idle machine all of it
takes eight minutes.
"""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from benchmarks.measured_service import WORKERS, database_version, settings_with_model, started
from benchmarks.report import measured_with, put_section, table
from benchmarks.speed.made_events import (
    COLUMNS,
    body_of,
    check,
    made,
    parsed,
    put_batch,
    raw_body_of,
    rows,
)
from benchmarks.speed.many_events import growing
from benchmarks.speed.metering import Meter, Taken
from sqlalchemy import text
from support.databases import Postgres

from valuebox.facts.schemas import MAX_ROWS
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine

CONNECTIONS: Final = 4
PLAIN: Final = "plain COPY"
HEADING_IN: Final = "### In"
HEADING_MANY: Final = "### Where there are many"
HEADING_OUT: Final = "### Out"
MAPPING: Final = """
[events]
id = "id"
customer = "customer"
type = "type"
time = "time"
amount = "amount"
currency = "currency"
properties = { category = "category", meal = "meal" }
"""
READING: Final = """
import resource, sys, time
from valuebox.facts.reading import Choice, read_facts
from valuebox.store.engine import Store, make_engine
store = Store(make_engine(sys.argv[1]))
began = time.perf_counter()
facts = read_facts(store, Choice())
took = time.perf_counter() - began
print(len(facts.events), took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def copied(store: Store, batches: list[dict[str, list[Any]]]) -> Callable[[], object]:
    """A plain COPY of the same rows, whose text is made beforehand."""
    with store.engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS plain"))
        connection.execute(text("CREATE TABLE plain (LIKE events)"))
        # Each event once, and found by its customer: nobody can do with less.
        connection.execute(text("ALTER TABLE plain ADD PRIMARY KEY (source, id)"))
        connection.execute(text("CREATE INDEX ON plain (customer)"))
    now = datetime.now(UTC)
    texts = []
    for columns in batches:
        file = io.StringIO()
        writer = csv.writer(file)
        for row in rows(columns, "shop"):
            cells = {**row, "properties": json.dumps(row["properties"])}
            writer.writerow([*(cells[name] for name in COLUMNS), now])
        texts.append(file.getvalue())
    order = f"COPY plain ({', '.join(COLUMNS)}, received_at) FROM STDIN (FORMAT csv)"

    def copy() -> None:
        with closing(store.engine.raw_connection()) as connection:
            for one in texts:
                with closing(connection.cursor()) as cursor:
                    cursor.copy_expert(order, io.StringIO(one))
                connection.commit()

    return copy


def put(store: Store, batches: list[dict[str, list[Any]]], source: str) -> Callable[[], object]:
    """What an endpoint does once it has parsed."""
    found = [parsed(columns, source) for columns in batches]

    def all_of_it() -> None:
        for one in found:
            put_batch(store, one)

    return all_of_it


def posted(url: str, path: str, bodies: list[bytes]) -> Callable[[], object]:
    """Over HTTP, several requests at once."""

    def post(body: bytes) -> None:
        answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
        check(answer.raise_for_status().json()["added"])

    http = httpx.Client(base_url=url, timeout=60)

    def all_of_it() -> None:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(post, bodies))

    return all_of_it


def imported(
    url: str, folder: Path, batches: list[dict[str, list[Any]]], source: str
) -> Callable[[], object]:
    """By the command, from a file; its start is part of it."""
    file, mapping = folder / "events.parquet", folder / "mapping.toml"
    pq.write_table(pa.concat_tables(map(pa.table, batches)), file)
    mapping.write_text(MAPPING)
    command = [str(Path(sys.executable).with_name("valuebox")), "import", str(file)]
    command += ["--mapping", str(mapping), "--source", source, "--database-url", url]
    return lambda: subprocess.run(command, check=True, capture_output=True)


@contextmanager
def places() -> Iterator[tuple[Postgres, Store, str, Path]]:
    """A PostgreSQL that survives power cuts, and a folder."""
    server = Postgres(durable=True)
    try:
        url = server.new_database()
        store = Store(make_engine(url))
        migrate.upgrade(store.engine)
        with TemporaryDirectory() as folder:
            yield server, store, url, Path(folder)
        store.close()
    finally:
        server.remove()


def main(
    batches: Annotated[int, typer.Option(help=f"Of {MAX_ROWS:,} events, each way.")] = 50,
    rounds: Annotated[int, typer.Option(help="Of which the medians are shown.")] = 3,
    most: Annotated[int, typer.Option(help="Events to grow to.")] = 10_000_000,
    random_ids: Annotated[bool, typer.Option(help="Grow with ids in no order at all.")] = False,
    read: Annotated[int, typer.Option(help="Events to read.")] = 5_000_000,
    into: Annotated[Path | None, typer.Option(help="Document whose tables are replaced.")] = None,
) -> None:
    """Print the tables."""
    with places() as (database, store, url, folder):
        said = measured_with(database_version(store))
        told = {
            HEADING_IN: f"{_ways(database, store, url, folder, batches, rounds)} {said}",
            HEADING_MANY: f"{growing(database, store, most, random_ids)} {said}",
            HEADING_OUT: f"{_reading(store, url, read)}\n\n{said}",
        }
        for heading, content in told.items():
            print(f"{heading}\n\n{content}\n")
            if into:
                put_section(into, heading, content)


def _ways(
    database: Postgres, store: Store, url: str, folder: Path, batches: int, rounds: int
) -> str:
    settings = {**settings_with_model(folder), "DATABASE_URL": url}
    events = [made(batch) for batch in range(batches)]
    server = started(settings, folder / "log")
    alone, over_http = Meter(database, store), Meter(database, store, server.processes)
    taken: dict[str, list[Taken]] = {}
    try:
        for turn in range(rounds):
            ways = {
                PLAIN: (alone, copied(store, events)),
                "`put_events`, one connection": (alone, put(store, events, f"put {turn}")),
                f"`POST /v1/events`, {CONNECTIONS} connections, {WORKERS} workers": (
                    over_http,
                    posted(
                        server.url, "/v1/events", [body_of(one, f"post {turn}") for one in events]
                    ),
                ),
                "`POST /v1/events/raw`, likewise": (
                    over_http,
                    posted(
                        server.url,
                        "/v1/events/raw",
                        [raw_body_of(one, f"raw {turn}") for one in events],
                    ),
                ),
                "`valuebox import`, from Parquet": (
                    alone,
                    imported(url, folder, events, f"import {turn}"),
                ),
            }
            for name, (meter, way) in ways.items():
                # All ways find the tables equally full.
                with store.engine.begin() as connection:
                    connection.execute(text("TRUNCATE events"))
                taken.setdefault(name, []).append(meter.taken(way))
    finally:
        server.end()
    count = batches * MAX_ROWS
    plain = median(one.seconds for one in taken[PLAIN])
    shown: list[list[object]] = []
    for name, times in taken.items():
        took = median(one.seconds for one in times)
        ours, theirs = (
            f"{median(times) / count * 1e6:.1f}"
            for times in ([one.ours for one in times], [one.database for one in times])
        )
        shown.append([name, int(count / took), f"{plain / took:.2f}", ours, theirs])
    header = ["", "events a second", "÷ plain COPY", "processor, µs an event", "PostgreSQL's"]
    return (
        f"{table(header, shown)}\n\n"
        f"{count:,} events in batches of {MAX_ROWS:,} (20,000 by `valuebox import`); medians "
        f"of {rounds} rounds."
    )


def _reading(store: Store, url: str, count: int) -> str:
    with store.engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("TRUNCATE events, customers"))
        connection.execute(
            text(
                "INSERT INTO customers SELECT 'shop', n::text, now(), "
                "json_build_object('campaign', n % 4), now(), now() "
                "FROM generate_series(0, :customers) n"
            ),
            {"customers": count // 10},
        )
        connection.execute(
            text(
                "INSERT INTO events SELECT 'shop', 'e' || n, (random() * :customers)::int::text, "
                "NULL, (ARRAY['bought', 'like', 'share', 'nothing'])[1 + n % 4], "
                "now() - random() * interval '365 days', CASE WHEN n % 4 = 0 THEN 9.5 END, 'USD', "
                "json_build_object('category', n % 7, 'meal', n % 900), now() "
                "FROM generate_series(1, :events) n"
            ),
            {"customers": count // 10, "events": count},
        )
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE events"))
    command = [sys.executable, "-c", READING, url]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(3)]
    found = sorted(
        (float(took), float(peak), int(n)) for n, took, peak in (r.stdout.split() for r in runs)
    )
    took, peak, events = found[1]
    cells: list[object] = [events, f"{took:.1f}", f"{peak:,.0f}"]
    return table(["events", "seconds", "peak of the process, MiB"], [cells])


if __name__ == "__main__":
    typer.run(main)
