"""What a connection may take, on a real server whose patience is short."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from prometheus_client import REGISTRY
from support.services import eventually

from valuebox.serving import bounded_protocol
from valuebox.serving.bounded_protocol import bound
from valuebox.serving.connections import Connections
from valuebox.serving.proxies import TrustedProxies

SHORT = 0.4
LARGE = b"x" * 30_000_000
HEAD = b"Host: localhost\r\nContent-Type: application/json\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers without having read anything."""
    body = LARGE if scope["path"] == "/large" else b"ok"
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


class Bounded:
    """A server, and how many connections it has."""

    def __init__(self, server: uvicorn.Server, counted: Connections):
        self.port = server.servers[0].sockets[0].getsockname()[1]
        self.counted = counted

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def is_left(self) -> bool:
        """Whether nobody is connected, and nobody is counted."""
        return not self.counted._of and self.counted._count == 0


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bounded]:
    for name in ("HEAD_SECONDS", "REST_SECONDS", "SLOW_READER_SECONDS"):
        monkeypatch.setattr(bounded_protocol, name, SHORT)
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    counted = Connections(100, TrustedProxies(""))
    bound(server, counted, SHORT)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    yield Bounded(server, counted)
    server.should_exit = True
    thread.join(10)


def refused(reason: str) -> float:
    return (
        REGISTRY.get_sample_value("valuebox_connections_refused_total", {"reason": reason}) or 0.0
    )


def read_all(connection: socket.socket) -> bytes:
    found = b""
    try:
        while piece := connection.recv(1_000_000):
            found += piece
    except ConnectionError:
        pass
    return found


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"hello\r\n\r\n", b"\x00" * 300], ids=str
)
def test_what_is_no_http_is_told_once(
    bounded: Bounded, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    caplog.set_level(logging.INFO)
    before = refused("no HTTP")
    for _ in range(20):
        with bounded.connect() as connection:
            connection.sendall(sent)
            assert read_all(connection).startswith(b"HTTP/1.1 400")
    assert refused("no HTTP") - before == 20
    told = [one for one in caplog.records if "refused" in one.message or "Invalid" in one.message]
    assert [one.fields["reason"] for one in told] == ["no HTTP"]  # type: ignore[attr-defined]
    eventually(bounded.is_left)


@pytest.mark.parametrize(
    ("sent", "then"),
    [
        (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 500\r\n\r\n[", b" "),
        (b"GET / HTTP/1.1\r\n" + HEAD + b"Content-Length: 500\r\n\r\n", b"x"),
        (b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", b""),
        (b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n", b"G"),
    ],
    ids=["body", "body of a GET", "chunks", "Expect", "next head"],
)
def test_an_answered_connection_is_not_kept_by_single_bytes(
    bounded: Bounded, sent: bytes, then: bytes
) -> None:
    with bounded.connect() as connection:
        connection.sendall(sent)
        assert connection.recv(1_000).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        while time.monotonic() - began < 10 and not bounded.is_left():
            try:
                connection.sendall(then)
            except ConnectionError:
                break
            time.sleep(SHORT / 4)
        assert time.monotonic() - began < 10 * SHORT
    eventually(bounded.is_left)


@pytest.mark.parametrize("then", [b"\r\n", b"]"], ids=["line break", "end of the body"])
def test_a_connection_is_closed_when_nothing_is_asked_any_more(
    bounded: Bounded, then: bytes
) -> None:
    length = b"Content-Length: 1\r\n" if then == b"]" else b""
    with bounded.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\n" + HEAD + length + b"\r\n")
        assert connection.recv(1_000).startswith(b"HTTP/1.1 200")
        connection.sendall(then)
        began = time.monotonic()
        assert read_all(connection) == b""
        assert time.monotonic() - began < 10 * SHORT


def test_whoever_takes_nothing_of_an_answer_is_hung_up_on(bounded: Bounded) -> None:
    before = refused("slow reader")
    with bounded.connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\n" + HEAD + b"\r\n")
        eventually(lambda: refused("slow reader") - before == 1)
        eventually(bounded.is_left)


def test_whoever_reads_slowly_gets_all_of_it(bounded: Bounded) -> None:
    with bounded.connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n")
        read, began = 0, time.monotonic()
        while piece := connection.recv(500_000):
            read += len(piece)
            if time.monotonic() - began < 5 * SHORT:
                time.sleep(SHORT / 6)
    assert read > len(LARGE)


def test_a_websocket_is_a_request_like_others(
    bounded: Bounded, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    for _ in range(5):
        with bounded.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n" + HEAD + upgrade + key + b"\r\n")
            assert connection.recv(1_000).startswith(b"HTTP/1.1 200")
    eventually(bounded.is_left)
    assert not [one for one in caplog.records if "WebSocket" in one.message]
