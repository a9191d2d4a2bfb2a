"""The databases that the service is killed on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.reliability.chaos_gates import Gate, at_socket, before_postgres
from support.databases import Postgres, through

from valuebox.store.engine import Store, make_engine


@dataclass(frozen=True)
class Place:
    """An empty database."""

    name: str
    url: str
    """For the service."""
    store: Store
    """For this process, past every relay."""
    gate: Gate


@contextmanager
def _postgresql(_: Path) -> Iterator[Place]:
    server = Postgres()
    try:
        real = server.new_database()
        gate = Gate()
        relay, port = before_postgres(partial(at_socket, server.socket), gate)
        store = Store(make_engine(real))
        yield Place("PostgreSQL", through(real, port), store, gate)
        store.close()
        relay.close()
    finally:
        server.remove()


@contextmanager
def _sqlite(folder: Path) -> Iterator[Place]:
    url = f"sqlite:///{folder}/valuebox.db"
    store = Store(make_engine(url))
    yield Place("SQLite", url, store, Gate())
    store.close()


DATABASES: Final[dict[str, Callable[[Path], AbstractContextManager[Place]]]] = {
    "PostgreSQL": _postgresql,
    "SQLite": _sqlite,
}
