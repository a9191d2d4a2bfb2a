"""The databases that contenders store in: durable, and emptied between measurements."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg2
from sqlalchemy import make_url
from support.databases import Postgres

from valuebox.store import migrate
from valuebox.store.engine import make_engine

DURABLE: Final = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class Database:
    """A migrated database; nobody but one contender uses it."""

    url: str

    def stored(self) -> tuple[int, float]:
        """How many predictions are there with their features, and the sum of their values."""
        query = (
            "SELECT count(*), coalesce(sum(prediction), 0) FROM ltv_predictions "
            "JOIN ltv_features ON ltv_features.id = features_id"
        )
        count, total = self._do(lambda connection: _one(connection, query))
        return int(count), float(total)

    def empty(self) -> None:
        """Delete all rows."""
        if self.url.startswith("sqlite"):
            # Without foreign keys, which are off here, whole pages are dropped.
            statements = ["DELETE FROM ltv_predictions", "DELETE FROM ltv_features"]
        else:
            statements = ["TRUNCATE ltv_features, ltv_predictions CASCADE", "CHECKPOINT"]
        self._do(lambda connection: [_one(connection, statement) for statement in statements])

    def _do(self, work: Callable[[Any], Any]) -> Any:
        url = make_url(self.url)
        connection: Any
        if url.get_backend_name() == "sqlite":
            connection = sqlite3.connect(str(url.database), isolation_level=None)
        else:
            connection = psycopg2.connect(self.url.replace("+psycopg2", ""))
            connection.autocommit = True
        with closing(connection):
            return work(connection)


def _one(connection: Any, statement: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(statement)
    return cursor.fetchone() if cursor.description else None


def new_database(postgres: Postgres, kind: str, folder: Path, name: str) -> Database:
    """An empty, migrated database of a kind."""
    if kind == "SQLite":
        file = "".join(letter if letter.isalnum() else "-" for letter in name)
        url = f"sqlite:///{folder}/{file}.db"
    else:
        url = postgres.new_database()
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()
    return Database(url)


def durability(postgres: Postgres) -> str:
    """The settings of PostgreSQL that say whether a commit survives a power cut."""
    with closing(psycopg2.connect(postgres.url().replace("+psycopg2", ""))) as connection:
        shown = [f"{name} {_one(connection, f'SHOW {name}')[0]}" for name in DURABLE]
        return f"PostgreSQL {_one(connection, 'SHOW server_version')[0]} ({', '.join(shown)})"
