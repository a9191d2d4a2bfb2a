"""How much each key has used in the running minute, counted over all workers of a machine."""

import sqlite3
import threading
import time
from contextlib import suppress
from typing import Final, Literal

from valuebox.errors import ValueboxError
from valuebox.worker.shared_folder import shared_folder

Counted = Literal["requests", "rows", "bytes"]

_FILE: Final = "counters.db"
_MINUTE: Final = 60
_BUSY_SECONDS: Final = 0.25

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS used (key_id TEXT, what TEXT, minute INTEGER, amount INTEGER, "
    "PRIMARY KEY (key_id, what)) WITHOUT ROWID"
)
# A new minute starts from nothing; a use that would pass the limit changes nothing.
_USE: Final = """
INSERT INTO used VALUES (:key_id, :what, :minute, :amount)
ON CONFLICT DO UPDATE SET
    amount = CASE minute WHEN :minute THEN amount ELSE 0 END + :amount, minute = :minute
WHERE CASE minute WHEN :minute THEN amount ELSE 0 END + :amount <= :limit
"""


class RateLimited(ValueboxError):
    """A key has used what it may use in this minute."""

    def __init__(self, what: Counted, limit: int):
        super().__init__(f"This key may send {limit:,} {what} a minute; come back in the next one.")
        self.retry_after = _MINUTE - int(time.time()) % _MINUTE
        """Seconds until the next minute begins."""


class CountersBusy(ValueboxError):
    """Other workers are counting, and take too long."""


class NeverAllowed(ValueboxError):
    """A request asks for more than its key may use in any minute."""


class Limits:
    """Counters of calendar minutes, in a small SQLite file without any durability.

    Exact between processes, some microseconds a use, and gone with the service. A worker that
    was started by itself counts for itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        folder = shared_folder()
        self._file = sqlite3.connect(
            ":memory:" if folder is None else folder / _FILE,
            isolation_level=None,
            timeout=_BUSY_SECONDS,
            check_same_thread=False,
        )
        # A worker that is killed while it counts leaves a whole file.
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=OFF")
        self._file.execute(_TABLE)

    def use(self, key_id: str, what: Counted, amount: int, limit: int | None) -> None:
        """Count what a key uses; where that would pass its limit, nothing is counted.

        Raises:
            RateLimited: when less than `amount` is left in this minute.
            NeverAllowed: when no minute would have that much.
            CountersBusy: when it cannot be counted now.
        """
        if limit is None:
            return
        if amount > limit:
            raise NeverAllowed(f"Input should have at most {limit:,} {what}: this key's limit")
        minute = int(time.time()) // _MINUTE
        used = {"key_id": key_id, "what": what, "minute": minute, "amount": amount, "limit": limit}
        try:
            with self._lock:
                counted = self._file.execute(_USE, used).rowcount
        except sqlite3.OperationalError:
            raise CountersBusy from None
        if not counted:
            raise RateLimited(what, limit)

    def close(self) -> None:
        """Close the file."""
        with self._lock, suppress(sqlite3.Error):
            self._file.close()
