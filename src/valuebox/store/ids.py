"""Ids that the service makes itself, so that no row has to be read back."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import overload
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from valuebox.store.clock import CLOCK

_COUNTER_BITS = 24
_COUNTER_DIGITS = _COUNTER_BITS // 4
MAX_BLOCK = 1 << _COUNTER_BITS


class Ids(Sequence[UUID]):
    """Ids that differ in their counter alone, and are made when they are looked at.

    The counter begins at 1: what is said of a request, with 0, is said of none of its rows.
    """

    def __init__(self, base: int, count: int):
        self._base = base
        self._count = count
        self._counters = range(1, count + 1)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, position: int) -> UUID: ...
    @overload
    def __getitem__(self, position: slice) -> list[UUID]: ...
    def __getitem__(self, position: int | slice) -> UUID | list[UUID]:
        found = self._counters[position]
        if isinstance(found, int):
            return UUID(int=self._base | found)
        return [UUID(int=self._base | one) for one in found]

    def __iter__(self) -> Iterator[UUID]:
        return iter(self[:])

    def texts(self) -> list[str]:
        """The ids as `str` would give them: 32 hexadecimal digits and 4 hyphens."""
        start = str(UUID(int=self._base))[:-_COUNTER_DIGITS]
        return [f"{start}{position:0{_COUNTER_DIGITS}x}" for position in self._counters]

    def octets(self) -> NDArray[np.uint8]:
        """The ids as 16 bytes each, most significant first: `(len(self), 16)`."""
        octets = np.empty((self._count, 16), dtype=np.uint8)
        octets[:] = np.frombuffer(self._base.to_bytes(16, "big"), dtype=np.uint8)
        counter = np.arange(1, self._count + 1, dtype=">u4").view(np.uint8).reshape(-1, 4)
        octets[:, -_COUNTER_BITS // 8 :] = counter[:, -_COUNTER_BITS // 8 :]
        return octets


def new_id() -> UUID:
    """A UUID of version 7 that begins a block, greater than those of earlier milliseconds.

    The lowest 24 bits count the ids of its block, see `ids_from`: one time stamp and one draw of 50
    random bits serve a whole request (RFC 9562, 6.2, method 1).
    """
    random_high = secrets.randbits(12)
    random_low = secrets.randbits(62 - _COUNTER_BITS)
    base = _base(CLOCK.milliseconds())
    return UUID(int=base | random_high << 64 | random_low << _COUNTER_BITS)


def ids_from(first: UUID, count: int) -> Ids:
    """The ids of a block that follow its first one, in increasing order.

    Args:
        first: What `new_id` has made, which begins the block.
        count: How many ids.

    Raises:
        ValueError: when the id begins no block, or for more ids than a block holds.
    """
    if place_in_block(first)[1] or count >= MAX_BLOCK:
        raise ValueError(f"{count} ids from {first}; a block begins with 0 and has {MAX_BLOCK}")
    return Ids(first.int, count)


def last_of_block(first: UUID) -> UUID:
    """The greatest id of the block that an id is in."""
    return UUID(int=first.int | (MAX_BLOCK - 1))


def first_id(moment: datetime) -> UUID:
    """The smallest id that can be made at a moment: all that were made before it are smaller."""
    return UUID(int=_base(int(moment.timestamp() * 1_000)))


def moment_of(one: UUID) -> datetime:
    """When an id was made, by the clock that it was made from; to the millisecond, in UTC."""
    return datetime.fromtimestamp((one.int >> 80) / 1_000, UTC)


def place_in_block(one: UUID) -> tuple[UUID, int]:
    """The first of the ids that were made together with this one, and its position among them."""
    position = one.int & (MAX_BLOCK - 1)
    return UUID(int=one.int - position), position


def _base(milliseconds: int) -> int:
    return milliseconds << 80 | 0x7 << 76 | 0b10 << 62
