"""The request that is being answered, as everything below the guard sees it."""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from valuebox.store.deadline import until
from valuebox.store.ids import new_id

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram
    from starlette.responses import Response

    from valuebox.access.callers import Caller


Stage = Literal["parse", "encode", "predict", "store"]


@dataclass
class Exchange:
    """A request and what its answer will say; the guard makes an exchange for each."""

    request_id: UUID = field(default_factory=new_id)
    """Id of this request; that of the first one, where an answer is given again."""
    deadline: float = math.inf
    """Time of `time.monotonic()` after which nobody waits for the answer, and nothing is stored."""
    caller: "Caller | None" = None
    """The caller whose API key the request came with; None where the service is open."""
    rows: int | None = None
    """Number of rows that were sent, as far as an endpoint has counted them."""
    size: int = 0
    """Bytes of the body, decompressed."""
    idempotency_key: str | None = None
    page: "Callable[[bytes], Response] | None" = None
    """Function that makes a page of an error answer; None where whoever asks is no browser."""
    replayed: bool = False
    """Whether the answer is that of an earlier request with the same key."""
    spent: dict[Stage, float] = field(default_factory=dict)
    """Seconds that each stage has taken so far."""
    counts: "list[tuple[Counter, float]]" = field(default_factory=list)
    """Counters that go up, and by how much, if all goes well and this is no answer given again."""
    observations: "list[tuple[Histogram, float]]" = field(default_factory=list)
    """Values that histograms are told, likewise."""

    @cached_property
    def body(self) -> Any:
        """SHA-256 of path and body as far as they were read; only kept for requests with a key."""
        return hashlib.sha256()

    @property
    def caller_id(self) -> str:
        """Id of the caller's API key; empty where there is none."""
        return self.caller.key.id if self.caller else ""

    def count_rows(self, rows: int) -> None:
        """Take note of the rows that were sent, and count them against the caller's limits.

        Raises:
            RateLimited, NeverAllowed: see `limits.Limits.use`.
        """
        self.rows = rows
        if self.caller:
            self.caller.use_rows(rows, self.size)

    def spend(self, spent: Mapping[Stage, float]) -> None:
        """Add the seconds that stages have taken to those that they took before."""
        for stage, seconds in spent.items():
            self.spent[stage] = self.spent.get(stage, 0.0) + seconds

    def count(self) -> None:
        """Have `counts` go up, and tell the `observations`."""
        for counter, amount in self.counts:
            counter.inc(amount)
        for histogram, value in self.observations:
            histogram.observe(value)

    def timing(self, stage: Stage) -> "_Timing":
        """A block whose time is added to that of its stage, however it ends."""
        return _Timing(self.spent, stage)


class _Timing:
    # Some of these run for every request: a generator would take three times as long.
    __slots__ = ("_began", "_spent", "_stage")

    def __init__(self, spent: dict[Stage, float], stage: Stage):
        self._spent = spent
        self._stage = stage

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        took = time.perf_counter() - self._began
        self._spent[self._stage] = self._spent.get(self._stage, 0.0) + took


current_exchange: ContextVar[Exchange] = ContextVar("exchange")


def current() -> Exchange:
    """The exchange that this code runs for; a new one where there is none (tests, scripts)."""
    try:
        return current_exchange.get()
    except LookupError:
        return Exchange()


@contextmanager
def answering(exchange: Exchange) -> Iterator[None]:
    """In the block, `exchange` is the current one, and its deadline that of the database."""
    token = current_exchange.set(exchange)
    try:
        with until(exchange.deadline):
            yield
    finally:
        current_exchange.reset(token)
