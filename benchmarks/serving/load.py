"""The client: keep-alive connections that ask again as soon as they are answered.

Run as a process of its own. It warms up, says so, waits for a line, measures, and prints what it
found as JSON. Requests are built before, answers are only counted: see `docs/serving-speed.md` for
what it costs by itself.
"""

import asyncio
import itertools
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import uvloop

# Who has not answered by then does not.
PATIENCE_SECONDS = 240
WARM_SECONDS = 0.5
# As many digits each, so that a body is as long whatever number stands in it.
PLACEHOLDER = 987_654
FIRST_REQUEST = 100_000


class Phase:
    """Requests of some seconds, on some connections."""

    def __init__(self, requests: Iterator[bytes], seconds: float, most: float):
        self.requests = requests
        self.most = most
        self.latencies: list[float] = []
        self.errors = 0
        self.begun = time.perf_counter()
        self.deadline = self.begun + seconds
        self.ended = self.begun

    def is_over(self) -> bool:
        """Whether nothing more is to be sent."""
        answered = len(self.latencies) + self.errors
        return self.ended >= self.deadline or answered >= self.most


class Connection(asyncio.Protocol):
    """One connection, which sends at least once."""

    _done: "asyncio.Future[None] | None" = None

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connected to this machine."""
        loop = asyncio.get_running_loop()
        transport, connection = await loop.create_connection(cls, "127.0.0.1", port)
        connection._transport = transport
        return connection

    def run(self, phase: Phase) -> "asyncio.Future[None]":
        """Send until the phase is over; done when the last answer is there."""
        self._phase = phase
        self._done = asyncio.get_running_loop().create_future()
        self._send()
        return self._done

    def _send(self) -> None:
        self._answer = bytearray()
        self._length = -1
        self._sent = time.perf_counter()
        self._transport.write(next(self._phase.requests))

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._answer += data
        if self._length < 0:
            head = self._answer.find(b"\r\n\r\n")
            if head < 0:
                return
            headers = bytes(self._answer[:head]).lower()
            self._length = head + 4 + int(headers.split(b"content-length:")[1].split(b"\r")[0])
        if len(self._answer) >= self._length:
            self._answered()

    def _answered(self) -> None:
        phase = self._phase
        phase.ended = time.perf_counter()
        if self._answer.startswith(b"HTTP/1.1 200"):
            phase.latencies.append(phase.ended - self._sent)
        else:
            phase.errors += 1
        if not phase.is_over():
            self._send()
        elif self._done:
            self._done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: D102
        if self._done and not self._done.done():
            self._phase.errors += 1
            self._done.set_result(None)


def _request(body: bytes, port: int, path: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _requests(bodies: Path, port: int, path: str) -> Iterator[bytes]:
    return itertools.cycle([_request(one, port, path) for one in bodies.read_bytes().splitlines()])


def _anew(body: Path, port: int, path: str) -> Iterator[bytes]:
    """The same body again and again, in which another number stands for the placeholder."""
    pieces = _request(body.read_bytes(), port, path).split(str(PLACEHOLDER).encode())
    for number in itertools.count(FIRST_REQUEST):
        yield str(number).encode().join(pieces)


async def _phase(
    connections: list[Connection],
    requests: Iterator[bytes],
    seconds: float,
    most: float = math.inf,
) -> Phase:
    phase = Phase(requests, seconds, most)
    running = [one.run(phase) for one in connections]
    _, waiting = await asyncio.wait(running, timeout=seconds + PATIENCE_SECONDS)
    phase.errors += len(waiting)
    return phase


async def load(
    port: int,
    path: str,
    single: Path,
    bodies: Path,
    connections: int,
    seconds: float,
    most: float,
) -> None:
    """Warm up with `single`, the bodies of one user; then measure with `bodies`, `most` at most.

    Where there is a most, `bodies` holds a single one; see `bodies.put_anew`.
    """
    opened = [await Connection.open(port) for _ in range(connections)]
    requests = (_requests if math.isinf(most) else _anew)(bodies, port, path)
    warm = await _phase(opened, _requests(single, port, path), WARM_SECONDS)
    warm_too = await _phase(opened[:1], requests, 0)
    if warm.errors + warm_too.errors:
        raise SystemExit(f"{warm.errors + warm_too.errors} errors while it warmed up")
    print("warm", flush=True)
    sys.stdin.readline()
    phase = await _phase(opened, requests, seconds, most)
    found = {
        "latencies": phase.latencies,
        "errors": phase.errors,
        "seconds": phase.ended - phase.begun,
        "warmed": [len(warm.latencies), len(warm_too.latencies)],
    }
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    _port, _path, _single, _bodies, _connections, _seconds, _most = sys.argv[1:]
    uvloop.run(
        load(
            int(_port),
            _path,
            Path(_single),
            Path(_bodies),
            int(_connections),
            float(_seconds),
            float(_most),
        )
    )
