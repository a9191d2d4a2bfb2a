"""A stop that load balancers hear of before it happens."""

import asyncio
import logging
import signal
import threading
from types import FrameType
from typing import Final

from valuebox.bento import end_connections, running_server

FINISH_SECONDS: Final = 60.0
"""Seconds for which accepted requests can hold up a stop; all are answered before."""

_log = logging.getLogger("valuebox")


class Drain:
    """Stands before the server's signal handler, and lets a stop through after a while.

    SIGTERM or SIGINT, whichever comes first, begins it: the worker is no longer ready, but still
    accepts and answers, and says with every answer that the connection ends with it. After
    `seconds` the server's own handler is told, which accepts nothing more and finishes what there
    is. Until then another signal changes nothing: the parent process sends several.
    """

    def __init__(self, seconds: float, finish_seconds: float = FINISH_SECONDS):
        self._seconds = seconds
        self._finish_seconds = finish_seconds
        self._stopping = False
        self.begun = False

    def install(self) -> None:
        """Take the place of the server's handler; to be called once, in the server's loop."""
        if threading.current_thread() is not threading.main_thread():
            return  # Served within a thread of another program, which has the signals.
        self._loop = asyncio.get_running_loop()
        self._server_handler = signal.getsignal(signal.SIGTERM)
        self._server = running_server()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._stopping:
            self._tell_server(number)
        elif not self.begun:
            self.begun = True
            if self._server is not None:
                # A proxy that keeps a connection would send its next request as it is closed.
                end_connections(self._server)
            self._loop.call_soon_threadsafe(self._loop.call_later, self._seconds, self._stop)

    def _stop(self) -> None:
        self._stopping = True
        # Never SIGINT, which would end the process with a traceback.
        self._tell_server(signal.SIGTERM)
        self._loop.call_later(self._finish_seconds, self._give_up)

    def _give_up(self) -> None:
        # Only somebody who does not read the answer is still there. BentoML waits for a day.
        _log.warning("a client did not take its answer in %g seconds", self._finish_seconds)
        self._tell_server(signal.SIGINT)

    def _tell_server(self, number: int) -> None:
        if callable(self._server_handler):
            self._server_handler(number, None)
