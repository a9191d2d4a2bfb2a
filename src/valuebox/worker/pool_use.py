"""How many of its database connections a worker uses, as Prometheus reads it."""

from functools import cache
from threading import Event
from typing import Final

from prometheus_client import Gauge
from sqlalchemy import Engine, QueuePool

from valuebox.store.engine import CONNECTIONS
from valuebox.worker.repeating import Repeating

# Seldom enough to cost nothing: every request would take and give back a connection.
LOOK_SECONDS: Final = 1.0


def pool_use(engine: Engine) -> Repeating:
    """What looks once a second how many connections are in use."""
    used, limit = _gauges()
    limit.set(CONNECTIONS)

    def look(_: Event) -> None:
        if isinstance(engine.pool, QueuePool):
            used.set(engine.pool.checkedout())

    failed = "database connections could not be counted"
    return Repeating("pool-use", look, LOOK_SECONDS, LOOK_SECONDS, failed)


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
