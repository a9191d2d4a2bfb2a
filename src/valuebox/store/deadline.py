"""Until when the work at hand is waited for: the database is given no longer than that."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


def deadline() -> float:
    """Time of `time.monotonic()` after which nobody waits, and nothing is stored any more."""
    return _deadline.get()


@contextmanager
def until(moment: float) -> Iterator[None]:
    """In the block, `moment` is the deadline, by `time.monotonic()`."""
    token = _deadline.set(moment)
    try:
        yield
    finally:
        _deadline.reset(token)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """In the block, the deadline is that many seconds from now."""
    with until(time.monotonic() + seconds):
        yield
