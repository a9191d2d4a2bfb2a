"""Work that a worker does again and again, beside everything else."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

_STOP_SECONDS: Final = 20.0

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
        """Not begun yet.

        Args:
            name: Of the thread.
            work: Given an event that tells it to end early.
            first_seconds: Until it is done for the first time.
            every_seconds: From its end until it is done again.
            failed: What the log says when it fails, the first of several times in a row.
        """
        self._work = work
        self._seconds = (first_seconds, every_seconds)
        self._failed = failed
        self._stop = Event()
        self._thread = Thread(target=self._repeat, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def tell_to_stop(self) -> None:
        """Begin nothing more."""
        self._stop.set()

    def stop(self) -> None:
        """End it, when it is done; what hangs is left to the database to undo."""
        self.tell_to_stop()
        self._thread.join(_STOP_SECONDS)

    def _repeat(self) -> None:
        seconds, every = self._seconds
        is_well = True
        while not self._stop.wait(seconds):
            seconds = every
            try:
                self._work(self._stop)
            except Exception as error:
                if is_well:
                    _log.error(self._failed, exc_info=error)
                is_well = False
            else:
                is_well = True
