"""Ids that the service makes itself, so that no row has to be read back."""

import secrets
import time
from datetime import datetime
from uuid import UUID

_COUNTER_BITS = 24
MAX_BLOCK = 1 << _COUNTER_BITS


def new_ids(count: int) -> list[UUID]:
    """`count` UUIDs of version 7, increasing in the order given and over time.

    The lowest 24 bits are a counter that starts at 0, so one time stamp and one draw of 50
    random bits serve a whole request (RFC 9562, 6.2, method 1).

    Raises:
        ValueError: for more ids than the counter holds.
    """
    if count > MAX_BLOCK:
        raise ValueError(f"{count} ids at once; at most {MAX_BLOCK}")
    random_high = secrets.randbits(12)
    random_low = secrets.randbits(62 - _COUNTER_BITS)
    base = _base(time.time_ns() // 1_000_000)
    base |= random_high << 64 | random_low << _COUNTER_BITS
    return [UUID(int=base | position) for position in range(count)]


def new_id() -> UUID:
    """One such id."""
    return new_ids(1)[0]


def first_id(moment: datetime) -> UUID:
    """The smallest id that can be made at a moment: all that were made before it are smaller."""
    return UUID(int=_base(int(moment.timestamp() * 1_000)))


def _base(milliseconds: int) -> int:
    return milliseconds << 80 | 0x7 << 76 | 0b10 << 62
