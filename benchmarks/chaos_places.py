"""The databases that the service is killed on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from chaos_gates import Gate, before_postgres
from sqlalchemy import make_url
from support.databases import Postgres

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
        # Not in the run's folder: the name of a socket may not be long.
        with TemporaryDirectory(prefix="valuebox-") as folder:
            real = make_url(server.new_database())
            gate = Gate()
            relay = before_postgres(Path(folder), Path(str(real.query["host"])), gate)
            url = real.set(query={"host": folder}).render_as_string(hide_password=False)
            store = Store(make_engine(real.render_as_string(hide_password=False)))
            yield Place("PostgreSQL", url, store, gate)
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
