"""Connections: how many there may be, for how long they may stay silent, how much they may send.

uvicorn bounds neither the head of a request nor the time that it takes, and keeps a connection on
which nothing was ever asked for ever. Whoever opens enough of them would leave no descriptor for
anybody else, probes included.
"""

import asyncio
import logging
import resource
import time
from collections import Counter as Tally
from functools import cache
from http import HTTPStatus
from typing import Final, Literal

from prometheus_client import Counter, Gauge
from uvicorn import Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from valuebox.guard import PROBES
from valuebox.proxies import TrustedProxies

# Clients send some kB. One piece from the network, at most 256 kB, may hold the end of a body too.
MAX_HEAD_BYTES: Final = 1_000_000
HEAD_SECONDS: Final = 10.0
"""For the line and the headers of a request, from its first byte, or from the connection."""
PROBE_SECONDS: Final = 2.0
"""For the head of a request while so many connections are open that only probes are answered."""
_KEPT_FOR_PROBES: Final = 64
_KEPT_FOR_FILES: Final = 256
"""Descriptors for database connections, models, sums and logs."""
_MOST_DESCRIPTORS: Final = 65_536
_SAID_EVERY: Final = 60.0

Reason = Literal["slow head", "large head", "one address", "all"]

_log = logging.getLogger("valuebox")


def raise_descriptor_limit() -> None:
    """Allow as many open files as the system lets this process and its children have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Connections:
    """The connections of a worker, by the address that they come from."""

    def __init__(self, per_address: int, trusted: TrustedProxies):
        """None yet.

        Args:
            per_address: How many an address may have.
            trusted: Proxies, which may have any number: many callers are behind each of them.
        """
        self._per_address = per_address
        self._trusted = trusted
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = (
            _MOST_DESCRIPTORS
            if soft == resource.RLIM_INFINITY
            else max(soft - _KEPT_FOR_FILES, _KEPT_FOR_PROBES + 1)
        )
        self._of: Tally[str] = Tally()
        self._count = 0
        self._said: dict[Reason, float] = {}
        _gauge().set(0)
        _refusals()

    @property
    def is_crowded(self) -> bool:
        """Whether so many are open that the rest is kept for probes."""
        return self._count > self._most - _KEPT_FOR_PROBES

    def open(self, address: str) -> Reason | None:
        """Count a connection; why it has to be closed at once, if it has to."""
        self._count += 1
        self._of[address] += 1
        _gauge().set(self._count)
        if self._of[address] > self._per_address and address not in self._trusted:
            return "one address"
        return "all" if self._count > self._most else None

    def close(self, address: str) -> None:
        """Count one less."""
        self._count -= 1
        self._of[address] -= 1
        if not self._of[address]:
            del self._of[address]
        _gauge().set(self._count)

    def refused(self, reason: Reason, address: str) -> None:
        """Count a connection that is closed, and say so in the log, once a minute."""
        _refusals().labels(reason).inc()
        now = time.monotonic()
        if now - self._said.get(reason, -_SAID_EVERY) >= _SAID_EVERY:
            self._said[reason] = now
            fields = {"reason": reason, "address": address, "connections": self._count}
            _log.warning("connections are refused", extra={"fields": fields})


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds to what a connection may take."""

    bounds: Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or close it."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._head_bytes: int | None = 0
        self._head_timer: asyncio.TimerHandle | None = None
        if (reason := self.bounds.open(self._address)) is not None:
            self._refuse(reason, HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection."""
        self._stop_timer()
        self.bounds.close(self._address)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._head_bytes = 0
        if self._head_timer is None:
            self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request is known, without its body."""
        self._head_bytes = None
        self._stop_timer()
        path = self.url.partition(b"?")[0].decode("latin-1")
        if self.bounds.is_crowded and path not in PROBES:
            self._refuse("all", HTTPStatus.SERVICE_UNAVAILABLE)
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body; of a request that was refused nothing is looked at."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request."""
        if not self.transport.is_closing():
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Bytes from the network."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._head_bytes is None or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.bounds.refused("large head", self._address)
            self.send_400_response("Invalid HTTP request received.")

    def _await_head(self) -> None:
        seconds = PROBE_SECONDS if self.bounds.is_crowded else HEAD_SECONDS
        self._head_timer = self.loop.call_later(seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self._refuse("slow head", HTTPStatus.REQUEST_TIMEOUT)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, reason: Reason, status: HTTPStatus) -> None:
        self.bounds.refused(reason, self._address)
        line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        headers = "Connection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n"
        self.transport.write((line + headers).encode())
        self.transport.close()


def bound(server: Server, connections: Connections, keep_alive_seconds: float) -> None:
    """Have a server that is about to listen use bounded connections, which BentoML cannot choose.

    Args:
        server: Of this worker, before it has made any connection.
        connections: What they are counted in.
        keep_alive_seconds: How long a connection may stay open between two requests. Longer than
            a proxy's own, or the proxy sends a request just as it is closed.
    """
    BoundedProtocol.bounds = connections
    server.config.http_protocol_class = BoundedProtocol
    server.config.timeout_keep_alive = keep_alive_seconds  # type: ignore[assignment]


@cache
def _gauge() -> Gauge:
    return Gauge(
        "valuebox_connections", "Connections of callers that are open.", multiprocess_mode="livesum"
    )


@cache
def _refusals() -> Counter:
    found = Counter(
        "valuebox_connections_refused", "Connections that were closed on callers.", ["reason"]
    )
    for reason in ("slow head", "large head", "one address", "all"):
        found.labels(reason)
    return found
