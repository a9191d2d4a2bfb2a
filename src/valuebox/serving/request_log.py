"""The lines of the log that tell how requests were answered: which are written, and how often."""

import logging
import random
import time
from collections import Counter
from typing import Any, Final

from valuebox.serving.errors import ErrorCode

_REFUSALS: Final[tuple[ErrorCode, ...]] = (
    "unauthenticated",
    "not_found",
    "rate_limited",
    "overloaded",
    "too_slow",
)
_GONE: Final = "gone"
"""Nobody was there any more to be answered."""
_REPEATED: Final = frozenset({*_REFUSALS, _GONE})
"""What costs little to provoke, and says the same each time."""
EACH_MINUTE: Final = 20
"""Lines a minute that are written of one `_REPEATED` answer to one address."""
_MOST_ADDRESSES: Final = 10_000
_MINUTE: Final = 60.0

_log = logging.getLogger("valuebox.access")


class RequestLog:
    """Writes a line for each request, as far as that helps whoever reads the log.

    Of requests that went well a share is written, of errors every one; but whoever is refused
    again and again, or hangs up, does not fill the disk.
    """

    def __init__(self, share: float):
        """A log of requests to which nothing has been written yet.

        Args:
            share: Of requests without an error, from 0 to 1.
        """
        self._share = share
        self._began = time.monotonic()
        self._refused: Counter[tuple[str, str | None]] = Counter()

    def write(self, fields: dict[str, Any], code: str | None) -> None:
        """Tell how a request was answered.

        Args:
            fields: What is told; those that are None are left out. With `status` and `client`.
            code: Of the error, if it was one.
        """
        more: dict[str, Any] = {}
        if fields["status"] < 400:
            # No secret: whoever guesses which lines are written gains nothing.
            if self._share < 1 and random.random() >= self._share:
                return
            more["share"] = self._share if self._share < 1 else None
        elif (kind := code or _GONE) in _REPEATED:
            so_far = self._count(kind, fields["client"])
            if so_far > EACH_MINUTE:
                return
            more["last_this_minute"] = True if so_far == EACH_MINUTE else None
        known = {name: value for name, value in (fields | more).items() if value is not None}
        level = logging.WARNING if fields["status"] >= 500 else logging.INFO
        _log.log(level, "answered", extra={"fields": known})

    def _count(self, code: str, client: str | None) -> int:
        now = time.monotonic()
        if now - self._began >= _MINUTE or len(self._refused) >= _MOST_ADDRESSES:
            self._began = now
            self._refused.clear()
        self._refused[code, client] += 1
        return self._refused[code, client]
