"""Ids that the service makes itself, so that no row has to be read back."""

import secrets
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain, repeat
from typing import overload
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from valuebox.store.clock import CLOCK

COUNTER_BITS = 24
COUNTER_DIGITS = COUNTER_BITS // 4
MAX_BLOCK = 1 << COUNTER_BITS
_LOW_BITS = 62 - COUNTER_BITS


class IdColumn(Sequence[UUID]):
    """Ids that are made when they are looked at; their bytes and texts are had sooner."""

    @abstractmethod
    def octets(self) -> NDArray[np.uint8]:
        """The ids as 16 bytes each, most significant first: `(len(self), 16)`."""

    @abstractmethod
    def texts(self) -> list[str]:
        """The ids as `str` would give them: 32 hexadecimal digits and 4 hyphens."""

    @abstractmethod
    def __iter__(self) -> Iterator[UUID]:
        """All ids, in order."""

    @overload
    def __getitem__(self, position: int) -> UUID: ...
    @overload
    def __getitem__(self, position: slice) -> list[UUID]: ...
    def __getitem__(self, position: int | slice) -> UUID | list[UUID]:
        return list(self)[position]


class Ids(IdColumn):
    """Ids that differ in their counter alone.

    The counter begins at 1: what is said of a request, with 0, is said of none of its rows.
    """

    def __init__(self, base: int, count: int):
        self._base = base
        self._counters = range(1, count + 1)

    def __len__(self) -> int:
        return len(self._counters)

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

    @cached_property
    def stem(self) -> str:
        """What the texts of all ids begin with: all of it but their counter."""
        return str(UUID(int=self._base))[:-COUNTER_DIGITS]

    def texts(self) -> list[str]:
        """Made of what all of them begin with."""
        start = self.stem
        return [f"{start}{position:0{COUNTER_DIGITS}x}" for position in self._counters]

    def octets(self) -> NDArray[np.uint8]:
        """Made of whole columns."""
        octets = np.empty((len(self), 16), dtype=np.uint8)
        octets[:] = np.frombuffer(self._base.to_bytes(16, "big"), dtype=np.uint8)
        counter = np.arange(1, len(self) + 1, dtype=">u4").view(np.uint8).reshape(-1, 4)
        octets[:, -COUNTER_BITS // 8 :] = counter[:, -COUNTER_BITS // 8 :]
        return octets


class Blocks(IdColumn):
    """The ids of several requests: those of the first block, then those of the next."""

    def __init__(self, blocks: Sequence[Ids]):
        self.blocks = blocks

    def __len__(self) -> int:
        return sum(map(len, self.blocks))

    def __iter__(self) -> Iterator[UUID]:
        return chain.from_iterable(self.blocks)

    def texts(self) -> list[str]:
        """Those of all blocks."""
        return [text for one in self.blocks for text in one.texts()]

    def octets(self) -> NDArray[np.uint8]:
        """Those of all blocks."""
        return np.concatenate([one.octets() for one in self.blocks])


class Repeated(IdColumn):
    """Ids that several rows share: the first one as often as is told, then the next."""

    def __init__(self, ids: Sequence[UUID], counts: Sequence[int]):
        self._ids = ids
        self._counts = counts

    def __len__(self) -> int:
        return sum(self._counts)

    def __iter__(self) -> Iterator[UUID]:
        return chain.from_iterable(map(repeat, self._ids, self._counts))

    def texts(self) -> list[str]:
        """Each as often as is told."""
        return list(chain.from_iterable(map(repeat, map(str, self._ids), self._counts)))

    def octets(self) -> NDArray[np.uint8]:
        """Each as often as is told."""
        octets = np.frombuffer(b"".join(one.bytes for one in self._ids), dtype=np.uint8)
        return np.repeat(octets.reshape(-1, 16), self._counts, axis=0)


def new_id() -> UUID:
    """A UUID of version 7 that begins a block, greater than those of earlier milliseconds.

    The lowest 24 bits count the ids of its block, see `ids_from`: one time stamp and one draw of 50
    random bits serve a whole request (RFC 9562, 6.2, method 1).
    """
    random_high, random_low = divmod(secrets.randbits(12 + _LOW_BITS), 1 << _LOW_BITS)
    base = _base(CLOCK.milliseconds())
    return UUID(int=base | random_high << 64 | random_low << COUNTER_BITS)


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
