"""Databases with tables in partitions by month, and what the service does about these."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import text

from support.pruning import pruning
from support.users import estimates, received, users
from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.compartments.register import by_month
from valuebox.store.engine import Store
from valuebox.store.ids import ids_from, new_id
from valuebox.store.partitions.dividing import divide
from valuebox.store.partitions.found import partitions_of

FEATURES, PREDICTIONS = LtvFeatures.__tablename__, LtvPrediction.__tablename__
PASSED_OVER = LEDGER.sums.passed_over
DIVIDED = datetime(2026, 3, 15, tzinfo=UTC)
APRIL, MAY = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
NEVER = Event()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """In the block, it is that moment for whoever makes ids."""
    with pytest.MonkeyPatch.context() as patched:
        nanoseconds = round(moment.timestamp() * 1_000) * 1_000_000
        patched.setattr("time.time_ns", lambda: nanoseconds)
        yield


def store_users(store: Store, moment: datetime, count: int = 1, first_id: int = 1) -> UUID:
    """Predictions as a request would have stored them then; returns its id."""
    with at(moment):
        request = new_id()
        told = estimates(*[1.0] * count)
        sent = received(users(count, first_id))
        ids = ids_from(request, count)
        store.insert(repository.new_predictions(ids, request, sent, told, "ltv:a"))
    return request


def where(store: Store, table: str = FEATURES) -> dict[str, int]:
    """How many rows are in each partition that has some, by what follows the table's name."""
    query = f"SELECT tableoid::regclass::text, count(*) FROM {table} GROUP BY 1"
    with store.reading() as session:
        found = session.execute(text(query)).all()
    return {name.removeprefix(f"{table}_"): count for name, count in found}


def partitions(store: Store, table: str = FEATURES) -> list[str]:
    with store.reading() as session:
        found = partitions_of(session.connection(), table)
    return [one.name.removeprefix(f"{table}_") for one in found]


def look_after(store: Store, monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Do what the service does every hour, without deleting anything, as if it was that moment."""
    monkeypatch.setattr("valuebox.worker.months.now", lambda _: moment)
    pruning(store, None, timedelta(days=1)).prune(NEVER, patient=False)


def expire(store: Store, before: datetime) -> dict[str, int]:
    keep = datetime.now(UTC) - before
    return dict(+pruning(store, keep, timedelta(days=1)).prune(NEVER, patient=True))


@pytest.fixture
def divided(postgres_store: Store) -> Store:
    """A database whose tables were divided in March 2026, with three rows of before."""
    store_users(postgres_store, DIVIDED - timedelta(days=60), 3, first_id=100)
    divide(postgres_store.engine, by_month(), DIVIDED)
    return postgres_store
