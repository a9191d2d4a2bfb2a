"""Questions answered in process, each beside a bare SELECT of the same rows."""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final

from benchmarks.features.ready_made import ReadyMade
from benchmarks.features.stored_log import Players
from sqlalchemy import Connection, make_url

from valuebox.facts.features.answering import answers_of
from valuebox.facts.features.history import events_of
from valuebox.facts.features.stored import Asked
from valuebox.features.declared.declaration import Declaration
from valuebox.store.engine import Store, make_engine

AT: Final = datetime(2025, 3, 31, tzinfo=UTC)
"""Just after the log, which is shorter than the lookback."""
SINCE: Final = AT - timedelta(days=90)
PROPERTIES: Final = {"offer_type": "coins", "offer_price": "4.99"}
_BARE: Final = (
    "SELECT session, type, time, {properties}, id FROM events "
    "WHERE customer = {0} AND source = {0} AND time < {0} AND time >= {0}"
)


class Measured:
    """Latencies of one kind, in milliseconds."""

    def __init__(self) -> None:
        self.found: list[float] = []

    @contextmanager
    def one(self) -> Any:
        """In the block, what is measured."""
        began = time.perf_counter()
        yield
        self.found.append(1e3 * (time.perf_counter() - began))

    @property
    def p50(self) -> float:
        """Half took longer."""
        return median(self.found)

    @property
    def p99(self) -> float:
        """One in a hundred took longer."""
        return sorted(self.found)[int(0.99 * len(self.found))]


def bare(url: str) -> Callable[[str], list[Any]]:
    """A SELECT of what a customer did, by nothing but the driver."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        import sqlite3

        lite = sqlite3.connect(str(parsed.database)).cursor()
        moments = [f"{one:%Y-%m-%d %H:%M:%S}.000000" for one in (AT, SINCE)]
        query = _BARE.format("?", properties="properties")
        return lambda who: lite.execute(query, (who, "game", *moments)).fetchall()
    import psycopg2

    server = psycopg2.connect(
        dbname=parsed.database, user=parsed.username, host=parsed.query["host"]
    )
    server.autocommit = True
    cursor, asked = server.cursor(), _BARE.format("%s", properties="properties::text")

    def select(who: str) -> list[Any]:
        cursor.execute(asked, (who, "game", AT, SINCE))
        found: list[Any] = cursor.fetchall()
        return found

    return select


def ask(connection: Connection, declared: Declaration, who: str) -> dict[str, Any]:
    """Answer a question."""
    asked = [Asked("game", who, "now", PROPERTIES)]
    (found,) = answers_of(declared, events_of(connection, declared, asked, AT), asked, AT)
    return found


def answering(
    url: str, declared: Declaration, players: Players, rounds: int, peers: Sequence[ReadyMade]
) -> dict[str, Measured]:
    """Latencies of every kind, in turns."""
    rng, select = random.Random(0), bare(url)
    names = ["bare SELECT", "answer", "answer, 20,000 events", *(one.name for one in peers)]
    found = {name: Measured() for name in names}
    with Store(make_engine(url)).looking() as connection:
        for who in [*players.usual[:200], *[players.heavy] * 10]:
            select(who)
            ask(connection, declared, who)
        for number in range(rounds):
            with found["bare SELECT"].one():
                select(rng.choice(players.usual))
            with found["answer"].one():
                ask(connection, declared, rng.choice(players.usual))
            if number % 5 == 0:
                with found["answer, 20,000 events"].one():
                    ask(connection, declared, players.heavy)
            for peer in peers:
                found[peer.name].found.append(peer.read(rng.choice(players.usual)))
    return found
