"""Work that a worker does again and again, beside everything else."""

import logging
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

_STOP_SECONDS: Final = 20.0
_AGAIN_SECONDS: Final = 60.0
"""Until what has failed is tried again, where it would else be done less often."""

_log = logging.getLogger("valuebox")


class Repeating:
    """Does something soon after the start and then every so often, in a thread of its own."""

    def __init__(
        self,
        name: str,
        work: Callable[[Event], None],
        first_seconds: float,
        every_seconds: float,
        failed: str,
    ):
        """Work that has not begun yet.

        Args:
            name: Of the thread.
            work: Given an event that tells it to end early.
            first_seconds: Until it is done for the first time.
            every_seconds: From its end until it is done again; after a failure, a minute at most.
            failed: What the log says when it fails, the first of several times in a row.
        """
        self._work = work
        self._seconds = (first_seconds, every_seconds)
        self._failed = failed
        self.stopping = Event()
        self.thread = Thread(target=self._repeat, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def _repeat(self) -> None:
        seconds, every = self._seconds
        is_well = True
        while not self.stopping.wait(seconds):
            seconds = every
            try:
                self._work(self.stopping)
            except Exception as error:
                seconds = min(every, _AGAIN_SECONDS)
                if is_well:
                    _log.error(self._failed, exc_info=error)
                is_well = False
            else:
                is_well = True


def stop(*repeated: Repeating) -> None:
    """Begin nothing more, and wait for what is under way; the database undoes what hangs."""
    for one in repeated:
        one.stopping.set()
    until = time.monotonic() + _STOP_SECONDS
    for one in repeated:
        one.thread.join(max(until - time.monotonic(), 0))
