"""The databases that contenders store in: durable, and emptied between measurements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.serving.contenders import Contender, Tables
from sqlalchemy import Connection, Select, column, create_engine, func, select, table, text
from support.databases import Postgres

from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.store import migrate
from valuebox.store.engine import make_engine

DURABLE: Final = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class _Layout:
    """The tables of a contender."""

    names: tuple[str, str]
    """Of predictions and of features."""
    rows: Select[Any]
    """`user_id` and `prediction` of every prediction that has its features."""


def _by_hand(key: str) -> _Layout:
    """Tables that contenders make, whose predictions have the id of their features in a column."""
    features = table("features", column("id"), column("user_id"))
    predictions = table("predictions", column(key), column("prediction"))
    joined = features.join(predictions, predictions.c[key] == features.c.id)
    rows = select(features.c.user_id, predictions.c.prediction).select_from(joined)
    return _Layout((predictions.name, features.name), rows)


_LAYOUTS: Final[dict[Tables, _Layout]] = {
    "ours": _Layout(
        (LtvPrediction.__tablename__, LtvFeatures.__tablename__),
        LEDGER.select(*LEDGER.subject, LEDGER.prediction),
    ),
    "own": _by_hand("id"),
    "usual": _by_hand("features_id"),
}


@dataclass(frozen=True)
class Database:
    """A database that nobody but one contender uses."""

    url: str
    layout: _Layout

    def stored(self) -> list[tuple[int, float]]:
        """User and prediction of every stored prediction that has its features, in order."""
        with self._connected() as connection:
            found = connection.execute(self.layout.rows)
            return sorted((int(user), float(prediction)) for user, prediction in found)

    def count(self) -> int:
        """How many predictions are stored with their features."""
        with self._connected() as connection:
            query = select(func.count()).select_from(self.layout.rows.subquery())
            return int(connection.scalar(query) or 0)

    def empty(self) -> None:
        """Delete all rows."""
        if self.url.startswith("sqlite"):
            # Without foreign keys, which are off here, whole pages are dropped.
            statements = [f"DELETE FROM {name}" for name in self.layout.names]  # noqa: S608
        else:
            statements = [f"TRUNCATE {', '.join(self.layout.names)} CASCADE", "CHECKPOINT"]
        with self._connected() as connection:
            for statement in statements:
                connection.execute(text(statement))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def new_database(postgres: Postgres, contender: Contender, folder: Path) -> Database:
    """An empty database; with our tables, where the contender stores in these."""
    if contender.stores == "SQLite":
        file = "".join(letter if letter.isalnum() else "-" for letter in contender.name)
        url = f"sqlite:///{folder}/{file}.db"
    else:
        url = postgres.new_database()
    if contender.tables == "ours":
        engine = make_engine(url)
        migrate.upgrade(engine)
        engine.dispose()
    return Database(url, _LAYOUTS[contender.tables])


def durability(postgres: Postgres) -> str:
    """The settings of PostgreSQL that say whether a commit survives a power cut."""
    engine = create_engine(postgres.url())
    with engine.connect() as connection:
        shown = {
            name: connection.scalar(text(f"SHOW {name}")) for name in ("server_version", *DURABLE)
        }
    engine.dispose()
    settings = ", ".join(f"{name} {shown[name]}" for name in DURABLE)
    return f"PostgreSQL {shown['server_version']} ({settings})"
