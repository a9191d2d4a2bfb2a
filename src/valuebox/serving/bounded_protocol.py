"""What a connection may take: uvicorn's protocol, with bounds to silence and to size.

uvicorn bounds neither the head of a request nor the time that it takes, waits for whoever reads
nothing, and forgets how long a connection has been idle at any byte that asks for nothing.
"""

import asyncio
import fcntl
import logging
import socket
import struct
import termios
from http import HTTPStatus
from typing import Final

from uvicorn import Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from valuebox.serving.connections import Connections, Reason
from valuebox.serving.guard import PROBES

# Clients send some kB. One piece from the network, at most 256 kB, may hold the end of a body too.
MAX_HEAD_BYTES: Final = 1_000_000
HEAD_SECONDS: Final = 10.0
"""Seconds for the line and headers of a request, from its first byte or the connection."""
PROBE_SECONDS: Final = 2.0
"""Seconds for the head of a request while so many connections are open that only probes pass."""
SLOW_READER_SECONDS: Final = 30.0
"""How long a client may take nothing of an answer that waits for it."""
_SEND_BUFFER_BYTES: Final = 262_144
"""The system's buffer of each connection. Nobody sees for minutes that a larger one is read."""
REST_SECONDS: Final = 10.0
"""Seconds for the rest of a body whose request is answered already."""
_COPIED_BYTES: Final = 65_536
"""Bytes of a body up to which a copy takes less than a packet."""
# By uvicorn, once for each such request; counted and told by us.
_UVICORN_SAYS: Final = (
    "Invalid HTTP request received.",
    "Unsupported upgrade request.",
    "No supported WebSocket library detected.",
)


class HeadWithBody:
    """A transport that sends the head of an answer with the beginning of its body.

    uvicorn sends two packets, of which the first one wakes the client up for nothing.
    """

    def __init__(self, transport: asyncio.Transport, cycle: RequestResponseCycle):
        self._transport = transport
        self._cycle = cycle
        self._head = b""
        self._is_sent = False

    def write(self, data: bytes) -> None:
        """Send bytes, unless they are the head; what asks for the rest of a request is none."""
        if self._is_sent or not self._cycle.response_started:
            self._transport.write(data)
        elif not self._head:
            self._head = data
        else:
            self._is_sent = True
            if len(data) <= _COPIED_BYTES:
                self._transport.write(self._head + data)
            else:
                self._transport.write(self._head)
                self._transport.write(data)

    def close(self) -> None:
        """Close, once all is sent that was written."""
        if self._head and not self._is_sent:
            self._is_sent = True
            self._transport.write(self._head)
        self._transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds to what a connection may take."""

    bounds: Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or close it."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._head_bytes: int | None = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        if (reason := self.bounds.open(self._address)) is not None:
            self._refuse(reason, HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection."""
        for timer in (self._head_timer, self._rest_timer, self._reader_timer):
            if timer is not None:
                timer.cancel()
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
        cycle = self.cycle
        # A HEAD is answered without the body that would take the head along.
        if cycle is not None and cycle.scope is self.scope and self.scope["method"] != "HEAD":
            cycle.transport = HeadWithBody(self.transport, cycle)  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        """A piece of a body; of a request that was refused nothing is looked at."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request."""
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None
        if not self.transport.is_closing():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """The end of an answer; of a request with a body perhaps before all of that came."""
        super().on_response_complete()
        is_answered_early = self.cycle.response_complete and self.cycle.more_body
        if is_answered_early and not self.transport.is_closing():
            self._rest_timer = self.loop.call_later(REST_SECONDS, self._rest_is_late)

    def pause_writing(self) -> None:
        """The client takes less than it asked for."""
        super().pause_writing()
        where = self.transport.get_extra_info("socket")
        where.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._look_again(self._unread())

    def resume_writing(self) -> None:
        """The client has taken nearly all of it."""
        super().resume_writing()
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    def send_400_response(self, msg: str) -> None:
        """The answer to what is no HTTP."""
        self.bounds.refused("no HTTP", self._address)
        super().send_400_response(msg)

    def data_received(self, data: bytes) -> None:
        """Bytes from the network."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._stay_idle()
        if self._head_bytes is None or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.bounds.refused("large head", self._address)
            super().send_400_response("Invalid HTTP request received.")

    def _stay_idle(self) -> None:
        """Go on counting the time since the last answer, which uvicorn stops at any byte."""
        waits = (self._head_timer, self._rest_timer, self.timeout_keep_alive_task)
        is_idle = self.cycle is not None and self.cycle.response_complete
        if is_idle and not any(waits) and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

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

    def _rest_is_late(self) -> None:
        self._rest_timer = None
        if not self.transport.is_closing():
            self.bounds.refused("slow body", self._address)
            self.transport.close()

    def _unread(self) -> int:
        """Bytes that wait for the client: here, and in the kernel, which took many at first."""
        where = self.transport.get_extra_info("socket").fileno()
        (queued,) = struct.unpack("i", fcntl.ioctl(where, termios.TIOCOUTQ, bytes(4)))
        return self.transport.get_write_buffer_size() + int(queued)

    def _look_again(self, waiting: int) -> None:
        """Look once more, after a while, whether the client has read anything meanwhile."""
        self._reader_timer = self.loop.call_later(
            SLOW_READER_SECONDS, self._look_whether_it_reads, waiting
        )

    def _look_whether_it_reads(self, before: int) -> None:
        waiting = self._unread()
        if waiting < before:
            self._look_again(waiting)
        else:
            self._reader_timer = None
            self.bounds.refused("slow reader", self._address)
            # Closing would wait for it.
            self.transport.abort()

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
    # There are none, and a connection that became one would be counted for ever.
    server.config.ws_protocol_class = None
    logging.getLogger("uvicorn.error").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_UVICORN_SAYS)
