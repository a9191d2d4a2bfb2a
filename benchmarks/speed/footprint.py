"""What stored rows take: disk by table and index, PostgreSQL's log, processors, and how fast.

    make bench-footprint

A service with two workers stores events, predictions and decisions over HTTP: many a request by
four connections, and one a request by sixteen. Disk is what tables and indices have grown by, once
PostgreSQL has cleaned up. A few minutes and 2 GB of disk.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import httpx
import typer
from benchmarks.measured_service import database_version, settings_with_model, started
from benchmarks.report import measured_with, put_section, table
from benchmarks.speed.facts import places
from benchmarks.speed.made_events import body_of, made, rows
from benchmarks.speed.metering import Meter
from sqlalchemy import text
from support.users import users

from valuebox.facts.schemas import MAX_ROWS
from valuebox.store.engine import Store

HEADING: Final = "### What a million rows take"
_SIZES: Final = text(
    "SELECT sum(pg_table_size(relid)), sum(pg_indexes_size(relid)) FROM pg_stat_user_tables"
)
_DISTINCT: Final = 20
"""Batches of different users, of which more are made by other ids."""
_OFFERS: Final = [
    {"offer_type": kind, "offer_price": price}
    for kind, price in (
        ("xmas", 9.99),
        ("coins", 4.99),
        ("gems", 1.99),
        ("pass", 14.99),
        ("hat", 3),
    )
]


class Way(NamedTuple):
    """One way to have rows stored."""

    name: str
    path: str
    bodies: Iterator[bytes]
    connections: int
    each: int
    """Rows of a request."""


def _events(batches: int) -> Iterator[bytes]:
    return (body_of(made(batch), "many") for batch in range(batches))


def _single_events(count: int) -> Iterator[bytes]:
    for batch in range(-(-count // MAX_ROWS)):
        of_batch = rows(made(batch), "single")
        for row, _ in zip(of_batch, range(count - batch * MAX_ROWS), strict=False):
            yield json.dumps([row], default=str).encode()


def _predictions(batches: int) -> Iterator[bytes]:
    some = [users(MAX_ROWS, seed=seed) for seed in range(_DISTINCT)]
    for batch in range(batches):
        sent = some[batch % _DISTINCT]
        columns: dict[str, list[Any]] = {name: [one[name] for one in sent] for name in sent[0]}
        columns["user_id"] = [batch * MAX_ROWS + one for one in columns["user_id"]]
        yield json.dumps(columns).encode()


def _single_predictions(count: int) -> Iterator[bytes]:
    return (json.dumps([one]).encode() for one in users(count, first_id=1_000_000_000))


def _decisions(count: int) -> Iterator[bytes]:
    for number in range(count):
        asked = {"customer": f"{number % 5_000}", "session": f"s{number}", "candidates": _OFFERS}
        yield json.dumps(asked).encode()


def _posted(http: httpx.Client, way: Way) -> int:
    """Send all of it; how many requests that were."""

    def post(body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        http.post(way.path, content=body, headers=headers).raise_for_status()

    with ThreadPoolExecutor(way.connections) as pool:
        return sum(1 for _ in pool.map(post, way.bodies))


def _sizes(store: Store) -> tuple[int, int]:
    """Bytes of all tables, and of their indices, without what deleted rows have left."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
        tables, indices = connection.execute(_SIZES).one()
    return int(tables), int(indices)


def _line(store: Store, http: httpx.Client, meter: Meter, way: Way) -> list[object]:
    before, requests = _sizes(store), 0

    def work() -> None:
        nonlocal requests
        requests = _posted(http, way)

    taken = meter.taken(work)
    count = requests * way.each
    tables, indices = (
        (after - was) / count for was, after in zip(before, _sizes(store), strict=True)
    )
    return [
        way.name,
        count,
        f"{tables:,.0f}",
        f"{indices:,.0f}",
        f"{taken.log / count:,.0f}",
        f"{taken.ours / count * 1e6:,.1f}",
        f"{taken.database / count * 1e6:,.1f}",
        int(count / taken.seconds),
    ]


def main(
    batches: Annotated[int, typer.Option(help=f"Of {MAX_ROWS:,} rows each.")] = 100,
    single: Annotated[int, typer.Option(help="Rows of requests with one.")] = 20_000,
    into: Annotated[Path | None, typer.Option(help="Document whose table is replaced.")] = None,
) -> None:
    """Print the table."""
    with places() as (database, store, url, folder):
        server = started({**settings_with_model(folder), "DATABASE_URL": url}, folder / "log")
        try:
            meter = Meter(database, store, server.processes)
            predict = "/v1/ltv/predict"
            with httpx.Client(base_url=server.url, timeout=60) as http:
                told = [
                    _line(store, http, meter, Way(*way))
                    for way in (
                        ("events, 10,000 a request", "/v1/events", _events(batches), 4, MAX_ROWS),
                        ("events, one a request", "/v1/events", _single_events(single), 16, 1),
                        (
                            *("predictions, 10,000 a request", f"{predict}/bulk"),
                            *(_predictions(batches), 4, MAX_ROWS),
                        ),
                        ("predictions, one a request", predict, _single_predictions(single), 16, 1),
                        ("decisions about offers", "/v1/offers/decide", _decisions(single), 16, 1),
                    )
                ]
        finally:
            server.end()
        header = ["", "rows", "tables, bytes a row", "indices", "log, bytes a row"]
        header += ["service, µs of processor", "PostgreSQL, µs", "rows a second"]
        content = f"{table(header, told)}\n\n{measured_with(database_version(store))}"
    print(f"{HEADING}\n\n{content}\n")
    if into:
        put_section(into, HEADING, content)


if __name__ == "__main__":
    typer.run(main)
