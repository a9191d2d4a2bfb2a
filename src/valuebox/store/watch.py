"""Hangs up on a database that keeps somebody waiting for longer than anybody waits.

PostgreSQL's own timeouts are kept by the server: one that is frozen, or behind a network that
swallows packets, keeps none of them, and its driver would wait for ever.
"""

import math
import os
import select
import socket
import sys
import threading
import time
from contextlib import closing, suppress
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

from valuebox.store.deadline import deadline

ANSWER_SECONDS: Final = 3.0
"""Seconds that a connection may take for a sign of life, before it is used."""
TICK_SECONDS: Final = 0.25
"""Seconds by which it may be noticed too late that a time is up."""
LATELY_SECONDS: Final = 0.25
"""For how long a connection that has answered is taken to live, unless its server hangs up."""

_ANSWERED: Final = "valuebox has heard of it at"


class Watch:
    """Knows until when each connection of an engine may be waited for.

    A connection that is lent is first asked for a sign of life, unless it has just given one; one
    without is replaced. Then it is watched until the deadline of the work that it is lent for,
    where that has one. At the end of its time its socket is shut, so that the driver raises what
    it raises when a server breaks a connection. One thread looks after all connections; it ends
    when the engine is disposed of.
    """

    def __init__(self, engine: Engine):
        self._ping = engine.dialect.do_ping
        self._driver_error = engine.dialect.loaded_dbapi.Error
        self._until: dict[Any, float] = {}
        self._lock = threading.Lock()
        self._ended: threading.Event | None = None
        # Before the dialect's own listeners, which ask the new connection this and that.
        event.listen(engine, "connect", self._on_connect, insert=True)
        event.listen(engine, "checkout", self._on_checkout)
        event.listen(engine, "checkin", self._on_return)
        event.listen(engine, "close", self._on_close)
        event.listen(engine, "engine_disposed", self._on_disposed)

    def _on_connect(self, connection: Any, _: Any) -> None:
        self._expect(connection, time.monotonic() + ANSWER_SECONDS)

    def _on_checkout(self, connection: Any, record: Any, _: Any) -> None:
        if connection not in self._until and not _has_just_answered(connection, record):
            self._expect(connection, time.monotonic() + ANSWER_SECONDS)
            try:
                self._ping(connection)
            except self._driver_error:
                # The others were made before it, and hang where it hangs.
                raise InvalidatePoolError from None
        self._expect(connection, deadline())

    def _on_return(self, connection: Any, record: Any) -> None:
        record.info[_ANSWERED] = time.monotonic()
        self._on_close(connection, record)

    def _on_close(self, connection: Any, _: Any) -> None:
        with self._lock:
            self._until.pop(connection, None)

    def _on_disposed(self, _: Engine) -> None:
        with self._lock:
            if self._ended is not None:
                self._ended.set()
                self._ended = None

    def _expect(self, connection: Any, until: float) -> None:
        with self._lock:
            self._until[connection] = until
            if self._ended is None:
                self._ended = threading.Event()
                threading.Thread(
                    target=self._keep_watch, args=(self._ended,), name="database-watch", daemon=True
                ).start()

    def _keep_watch(self, ended: threading.Event) -> None:
        while not ended.wait(TICK_SECONDS):
            now = time.monotonic()
            # Locked until it is done: what was returned in time may already be lent again.
            with self._lock:
                for connection in [one for one, until in self._until.items() if until < now]:
                    del self._until[connection]
                    self._hang_up(connection)

    def _hang_up(self, connection: Any) -> None:
        # Shut but not closed: the descriptor is the driver's, and its number would be given away.
        with (
            suppress(OSError, self._driver_error),
            closing(socket.socket(fileno=os.dup(connection.fileno()))) as copy,
        ):
            copy.shutdown(socket.SHUT_RDWR)


def _has_just_answered(connection: Any, record: Any) -> bool:
    """Whether a connection need not be asked, which takes a trip to the server."""
    seconds = time.monotonic() - record.info.get(_ANSWERED, -math.inf)
    if sys.platform == "win32" or seconds > LATELY_SECONDS:
        return False
    # Nothing is to be read between two statements, except where the server has hung up.
    unread = select.poll()
    unread.register(connection.fileno(), select.POLLIN)
    return not unread.poll(0)
