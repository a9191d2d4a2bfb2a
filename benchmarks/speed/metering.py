"""What work takes that goes to a database: time, processors, and the database's log."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from sqlalchemy import text
from support.databases import Postgres

from valuebox.store.engine import Store


@dataclass
class Taken:
    """What some work took."""

    seconds: float
    ours: float
    """Seconds of processor of the process or the service that stores."""
    database: float
    """Seconds of processor of all processes of PostgreSQL."""
    log: float
    """Bytes of PostgreSQL's write-ahead log."""


class Meter:
    """Says what work takes, of the clock, of processors and of the log.

    Args:
        server: The database that it goes to.
        store: The same.
        service: Function that lists the processes that store where this one does not.
    """

    def __init__(
        self,
        server: Postgres,
        store: Store,
        service: Callable[[], list[psutil.Process]] = lambda: [psutil.Process()],
    ):
        self._server, self._store, self._service = server, store, service

    def taken(self, work: Callable[[], object]) -> Taken:
        """Do the work."""
        # What looking takes is not counted.
        log, database = self._log(), _processor(self._server.processes())
        ours, began = _processor(self._service()), time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        ours = _processor(self._service()) - ours
        database = _processor(self._server.processes()) - database
        return Taken(seconds, ours, database, self._log() - log)

    def _log(self) -> float:
        with self._store.reading() as session:
            return float(session.scalar(text("SELECT pg_current_wal_lsn() - '0/0'")) or 0)


def _processor(processes: list[psutil.Process]) -> float:
    # Of those that have ended their parents know.
    return sum(sum(one.cpu_times()[:4]) for one in processes)
