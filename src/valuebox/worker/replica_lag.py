"""How far behind the read replica is, as Prometheus reads it."""

from functools import cache
from threading import Event
from typing import Final

from prometheus_client import Gauge

from valuebox.store.replica import Reads
from valuebox.worker.repeating import Repeating

LOOK_SECONDS: Final = 15.0


def replica_lag(reads: Reads) -> Repeating:
    """What asks the replica every 15 seconds, also while nobody looks at a page.

    Args:
        reads: Of a database that has a replica.
    """
    answers, behind = _gauges()

    def look(_: Event) -> None:
        source = reads.choose()
        answers.set(source.is_replica)
        if source.is_replica and source.seconds_behind is not None:
            behind.set(source.seconds_behind)

    failed = "the replica could not be asked how far behind it is"
    return Repeating("replica-lag", look, 0.0, LOOK_SECONDS, failed)


@cache
def _gauges() -> tuple[Gauge, Gauge]:
    return (
        Gauge(
            "valuebox_replica_answers",
            "1 while the read replica answers, 0 while the database itself is read instead.",
            multiprocess_mode="livemin",
        ),
        Gauge(
            "valuebox_replica_lag_seconds",
            "How far behind the replica was when it last answered; 0 where it cannot tell.",
            multiprocess_mode="livemax",
        ),
    )
