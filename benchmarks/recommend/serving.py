"""How long a list takes over HTTP, stored, beside a prediction, also while an index is built.

    make bench-recommend-serving [OPTIONS="--views 100000"] [INTO="--into docs/recommend.md"]

A service on PostgreSQL with a million views of a made-up shop is asked for both in turns, then for
each from sixteen connections at once; then the same while an index of all views is built again and
again, since a visitor is forgotten every few seconds.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Annotated, Final
from uuid import uuid4

import httpx
import numpy as np
import typer
from benchmarks.features.over_http import PREDICT, OverHttp, over_http
from benchmarks.measured_service import settings_with_model
from benchmarks.recommend.made_log import made
from benchmarks.report import measured_with, put_section, table
from support.databases import Postgres
from support.users import user

from valuebox.compartments.recommend.repository import note_forgotten
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import add_events
from valuebox.store import migrate
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store, make_engine

HEADING: Final = "### How long a list takes"
RECOMMEND: Final = "/v1/recommend"
_SHOP: Final = "shop"
_BATCH: Final = 100_000
_SEEN: Final = 3
_COUNT: Final = 20
_EVERY_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 120.0
_ENOUGH: Final = 50
"""Lists of an index in a row, by which each worker has one."""


def main(
    views: Annotated[int, typer.Option(help="Views that are stored.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(help="Questions of each kind.")] = 3_000,
    into: Annotated[Path | None, typer.Option(help="Document whose table is replaced.")] = None,
) -> None:
    """Measure, print, and put the table into a document."""
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as name:
        folder, url = Path(name), Postgres().new_database()
        store = Store(make_engine(url))
        migrate.upgrade(store.engine)
        ids = _stored(store, views)
        settings = settings_with_model(folder) | {"DATABASE_URL": url}
        bodies = {
            PREDICT: [json.dumps([user(number)]).encode() for number in range(1_000)],
            RECOMMEND: _bodies(ids),
        }
        rows += _rows("", over_http(settings, bodies, rounds, folder, settle=_await_index))
        with _forgetting(store):
            found = over_http(settings, bodies, rounds, folder, settle=_await_index)
        rows += _rows("while an index is built", found)
        store.close()
    header = ["", "", "p50, ms", "÷ predict", "p99, ms", "answers/s of 16"]
    header.append("CPU of workers, ms")
    text = f"{table(header, rows)}\n\n{views:,} views on PostgreSQL. {measured_with()}"
    print(text)
    if into is not None:
        put_section(into, HEADING, text)


def _stored(store: Store, views: int) -> Sequence[str]:
    """Store views of the last days, and return ids of items."""
    sessions, items, times, ids = made(views)
    now = CLOCK.moment()
    moments = np.datetime64(now.replace(tzinfo=None), "us") - (
        (times.max() - times + 60) * 1e6
    ).astype("timedelta64[us]")
    for start in range(0, views, _BATCH):
        some = slice(start, start + _BATCH)
        count = len(sessions[some])
        events = ArrivingEvents(
            id=[f"view-{number}" for number in range(start, start + count)],
            source=[_SHOP] * count,
            customer=[None] * count,
            type=["view"] * count,
            time=moments[some],
            amount=np.full(count, np.nan),
            currency=[None] * count,
            session=[f"session-{one}" for one in sessions[some].tolist()],
            properties=[{"item": ids[one]} for one in items[some].tolist()],
        )
        with store.writing() as session:
            add_events(session, events)
    return ids


def _bodies(ids: Sequence[str]) -> list[bytes]:
    places = (len(ids) * np.random.default_rng(0).random((100_000, _SEEN)) ** 3).astype(int)
    return [
        json.dumps(
            {
                "source": _SHOP,
                "session": uuid4().hex,
                "items": [ids[one] for one in row],
                "count": _COUNT,
            }
        ).encode()
        for row in places.tolist()
    ]


def _await_index(url: str) -> None:
    """Wait until both workers make lists of an index, and for what they do after that."""
    asked = {"source": _SHOP, "session": "first", "items": ["item-1"]}
    in_a_row, until = 0, time.monotonic() + _PATIENCE_SECONDS
    while in_a_row < _ENOUGH and time.monotonic() < until:
        told = httpx.post(f"{url}{RECOMMEND}", json=asked, timeout=30).raise_for_status().json()
        in_a_row = in_a_row + 1 if told["fallback"] is None else 0
    time.sleep(_EVERY_SECONDS)


@contextmanager
def _forgetting(store: Store) -> Iterator[None]:
    """In the block, somebody is forgotten again and again, for which the index is built anew."""
    stopping = Event()

    def forget() -> None:
        while not stopping.wait(_EVERY_SECONDS):
            with store.writing() as session:
                note_forgotten(session, _SHOP)

    thread = Thread(target=forget)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _rows(when: str, found: OverHttp) -> Iterator[list[object]]:
    base = found.latencies[PREDICT].p50
    for path, one in found.latencies.items():
        rates = found.rates[path]
        yield [
            f"`{path}`",
            when,
            f"{one.p50:.2f}",
            f"{one.p50 / base:.2f}",
            f"{one.p99:.1f}",
            f"{median(rate.answers for rate in rates):,.0f}",
            f"{median(rate.cpu for rate in rates):.2f}",
        ]


if __name__ == "__main__":
    typer.run(main)
