"""How fast facts get into PostgreSQL, beside a plain COPY of the same rows, and out again.

    make bench-facts

The same events go four ways, in batches of the same size, each committed: by COPY into a table
with the same indexes, which checks nothing and fails on what it has already; by `put_events`; by
`POST /v1/events` to a service with two workers; and by `valuebox import` from a Parquet file.
Then all of them are read, as analyses do.
"""

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from benchmarks.measured_service import WORKERS, database_version, settings_with_model, started
from benchmarks.report import measured_with, put_section, table
from sqlalchemy import text
from support.databases import Postgres

from valuebox.facts import repository
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.schemas import MAX_ROWS
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine

COLUMNS: Final = ("source", "id", "customer", "type", "time", "amount", "currency", "properties")
CATEGORIES: Final = ("japanese", "chinese", "french", "german", "italian", "mexican", "vietnamese")
TYPES: Final = ("bought", "like", "share", "nothing")
CONNECTIONS: Final = 4
HEADING_IN: Final = "### In"
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


def made(batch: int) -> dict[str, list[Any]]:
    """A batch of different events, by column."""
    rng = np.random.default_rng(batch)
    bought = rng.integers(4, size=MAX_ROWS)
    first = datetime(2025, 1, 1, tzinfo=UTC)
    seconds = rng.uniform(0, 365 * 86_400, MAX_ROWS).tolist()
    return {
        "id": [f"e{batch * MAX_ROWS + n}" for n in range(MAX_ROWS)],
        "customer": [f"{n}" for n in rng.integers(200_000, size=MAX_ROWS)],
        "type": [TYPES[n] for n in bought],
        "time": [first + timedelta(seconds=one) for one in seconds],
        "amount": [round(float(one), 2) if kind == 0 else None
                   for one, kind in zip(rng.uniform(1, 20, MAX_ROWS), bought, strict=True)],
        "currency": ["USD" if kind == 0 else None for kind in bought],
        "category": [CATEGORIES[n] for n in rng.integers(len(CATEGORIES), size=MAX_ROWS)],
        "meal": rng.integers(900, size=MAX_ROWS).tolist(),
    }  # fmt: skip


def rows(columns: dict[str, list[Any]], source: str) -> Iterator[dict[str, Any]]:
    """The same as requests hold them."""
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        properties = {"category": row.pop("category"), "meal": row.pop("meal")}
        yield {"source": source, **row, "properties": properties}


def copied(store: Store, batches: list[dict[str, list[Any]]]) -> Callable[[], object]:
    """A plain COPY of the same rows, whose text is made beforehand."""
    with store.engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS plain"))
        connection.execute(text("CREATE TABLE plain (LIKE events INCLUDING ALL)"))
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
    nobody: list[None] = [None] * MAX_ROWS
    found = []
    for columns in batches:
        properties = [one["properties"] for one in rows(columns, source)]
        kept = {name: columns[name] for name in COLUMNS if name in columns}
        sources = [source] * MAX_ROWS
        found.append(ArrivingEvents(**kept, source=sources, session=nobody, properties=properties))

    def all_of_it() -> None:
        for one in found:
            with store.writing() as session:
                check(repository.put_events(session, one).added)

    return all_of_it


def posted(url: str, batches: list[dict[str, list[Any]]], source: str) -> Callable[[], object]:
    """Over HTTP, several requests at once."""
    bodies = [json.dumps(list(rows(one, source)), default=str).encode() for one in batches]

    def post(body: bytes) -> None:
        answer = http.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
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


def check(added: int) -> None:
    """Refuse figures of a way that does not do its work."""
    if added != MAX_ROWS:
        raise AssertionError(f"{added} events were new, {MAX_ROWS} should have been")


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def places() -> Iterator[tuple[Store, str, Path]]:
    """A PostgreSQL that survives power cuts, and a folder."""
    server = Postgres(durable=True)
    try:
        url = server.new_database()
        store = Store(make_engine(url))
        migrate.upgrade(store.engine)
        with TemporaryDirectory() as folder:
            yield store, url, Path(folder)
        store.close()
    finally:
        server.remove()


def main(
    batches: Annotated[int, typer.Option(help=f"Of {MAX_ROWS:,} events, each way.")] = 50,
    rounds: Annotated[int, typer.Option(help="Of which the medians are shown.")] = 3,
    read: Annotated[int, typer.Option(help="Events to read.")] = 5_000_000,
    into: Annotated[Path | None, typer.Option(help="Document whose tables are replaced.")] = None,
) -> None:
    """Print the tables."""
    with places() as (store, url, folder):
        settings = {**settings_with_model(folder), "DATABASE_URL": url}
        events = [made(batch) for batch in range(batches)]
        server = started(settings, folder / "log")
        taken: dict[str, list[float]] = {}
        try:
            for turn in range(rounds):
                ways = {
                    "plain COPY": copied(store, events),
                    "`put_events`, one connection": put(store, events, f"put {turn}"),
                    f"`POST /v1/events`, {CONNECTIONS} connections, {WORKERS} workers": posted(
                        server.url, events, f"post {turn}"
                    ),
                    "`valuebox import`, from Parquet": imported(
                        url, folder, events, f"import {turn}"
                    ),
                }
                for name, way in ways.items():
                    # All ways find the tables equally full.
                    with store.engine.begin() as connection:
                        connection.execute(text("TRUNCATE events"))
                    taken.setdefault(name, []).append(seconds(way))
        finally:
            server.end()
        rows_in = batches * MAX_ROWS
        rates = {name: rows_in / median(times) for name, times in taken.items()}
        plain = rates["plain COPY"]
        shown: list[list[object]] = [
            [name, int(rate), f"{rate / plain:.2f}"] for name, rate in rates.items()
        ]
        said = f"{measured_with(database_version(store))}"
        told_in = (
            f"{table(['', 'events a second', '÷ plain COPY'], shown)}\n\n"
            f"{rows_in:,} events in batches of {MAX_ROWS:,} (20,000 by `valuebox import`); medians "
            f"of {rounds} rounds. {said}"
        )
        print(told_in)
        told_out = f"{_reading(store, url, read)}\n\n{said}"
        print(told_out)
        if into:
            put_section(into, HEADING_IN, told_in)
            put_section(into, HEADING_OUT, told_out)


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
