"""How many of its database connections a worker uses, as Prometheus reads it."""

from functools import cache
from threading import Event, Thread
from typing import Final

from prometheus_client import Gauge
from sqlalchemy import Engine, QueuePool

from valuebox.store.engine import CONNECTIONS

# Seldom enough to cost nothing: every request would take and give back a connection.
LOOK_SECONDS: Final = 1.0


class PoolUse:
    """Looks once a second, in a thread of its own, how many connections are in use."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._used, limit = _gauges()
        limit.set(CONNECTIONS)
        self._stop = Event()
        self._thread = Thread(target=self._look, name="pool-use", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            pool = self._engine.pool
            if isinstance(pool, QueuePool):
                self._used.set(pool.checkedout())


@cache
def _gauges() -> tuple[Gauge, Gauge]:
    return (
        Gauge(
            "valuebox_database_connections",
            "Database connections in use.",
            multiprocess_mode="livesum",
        ),
        Gauge(
            "valuebox_database_connections_limit",
            "Database connections that may be in use.",
            multiprocess_mode="livesum",
        ),
    )
