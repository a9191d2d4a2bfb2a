"""How many requests a worker takes at once, and how many of these may come from one caller."""

from asyncio import Semaphore
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class Slots:
    """The slots of a worker; whoever takes more than a share of them leaves none to others.

    Bodies that never arrive take a slot too, so that one caller with many connections, or with
    many API keys, could otherwise have all of them.
    """

    def __init__(self, most: int):
        """Slots that are all free; a key may have three quarters, an address seven eighths.

        Args:
            most: How many slots there are.
        """
        self._most = most
        self._of_key = max(1, most * 3 // 4)
        self._of_address = max(1, most * 7 // 8)
        self._taken = 0
        self._by: Counter[tuple[str, str | None]] = Counter()

    def are_free(self, key: str | None, address: str | None) -> bool:
        """Whether a caller may have another slot.

        Args:
            key: The id of the API key that a request came with; None without one.
            address: Where it comes from; None where many callers come from there.
        """
        return (
            self._taken < self._most
            and (key is None or self._by["key", key] < self._of_key)
            and (address is None or self._by["address", address] < self._of_address)
        )

    @contextmanager
    def taken(self, key: str | None, address: str | None) -> Iterator[None]:
        """In the block, a caller has a slot."""
        who = (("key", key), ("address", address))
        self._taken += 1
        self._by.update(who)
        try:
            yield
        finally:
            self._taken -= 1
            self._by.subtract(who)
            for one in who:
                if not self._by[one]:
                    del self._by[one]


class Turns:
    """Documents that an address is given side by side; further ones wait for their turn.

    Whatever is answered without waiting for anything, such as a page, takes the event loop of the
    worker: an address that asks over hundreds of connections would let nobody else have it.
    """

    def __init__(self, at_once: int = 8):
        """Turns for which nobody waits yet.

        Args:
            at_once: Requests of one address.
        """
        self._at_once = at_once
        self._lines: dict[str, Semaphore] = {}
        self._asking: Counter[str] = Counter()

    @asynccontextmanager
    async def turn_of(self, address: str | None) -> AsyncIterator[None]:
        """In the block, it is the turn of a request.

        Args:
            address: Where it comes from; None for one that need not wait.
        """
        if address is None:
            yield
            return
        line = self._lines.setdefault(address, Semaphore(self._at_once))
        self._asking[address] += 1
        try:
            async with line:
                yield
        finally:
            self._asking[address] -= 1
            if not self._asking[address]:
                del self._asking[address], self._lines[address]
