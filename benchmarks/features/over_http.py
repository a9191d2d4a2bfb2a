"""Questions over HTTP, beside predictions of lifetime values by the same service."""

import json
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Final, NamedTuple

import psutil
from benchmarks.features.answering import AT, PROPERTIES, Measured
from benchmarks.features.stored_log import Players
from benchmarks.measured_service import started
from support.databases import Postgres
from support.users import user

LOAD: Final = Path(__file__).resolve().parents[1] / "serving" / "load.py"
FEATURES: Final = "/v1/features"
PREDICT: Final = "/v1/ltv/predict"
CONNECTIONS: Final = 16
_OF_A_RATE: Final = 20_000
"""Bodies that are sent by sixteen connections, one after the other."""
SECONDS: Final = 10


class Rate(NamedTuple):
    """What sixteen connections got."""

    answers: float
    """In a second."""
    cpu: float
    """Milliseconds of the workers' processors for an answer."""
    in_all: float
    """Milliseconds of processors for an answer, of workers, client and database."""


class OverHttp(NamedTuple):
    """What was found."""

    latencies: dict[str, Measured]
    rates: dict[str, list[Rate]]


class _Caller:
    """A connection that is kept."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, path: str, body: bytes) -> None:
        """Send a request, and wait for the whole answer."""
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        self._socket.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(65_536)
        head_of_it, rest = answer.split(b"\r\n\r\n", 1)
        if b" 200 " not in head_of_it[:16]:
            raise AssertionError(answer)
        length = int(head_of_it.lower().split(b"content-length:")[1].split(b"\r")[0])
        while len(rest) < length:
            rest += self._socket.recv(65_536)


def bodies_of(players: Players) -> dict[str, list[bytes]]:
    """Bodies of requests, by path."""
    usual = random.Random(0).sample(players.usual, len(players.usual))
    about = [
        {"source": "game", "id": one, "session": "now", "properties": PROPERTIES} for one in usual
    ]
    moment = AT.isoformat()
    questions = [{"declaration": "offers", "at": moment, "customers": [one]} for one in about]
    return {
        FEATURES: [json.dumps(one).encode() for one in questions],
        PREDICT: [json.dumps([user(number)]).encode() for number in range(1_000)],
    }


def over_http(
    settings: Mapping[str, str],
    bodies: Mapping[str, Sequence[bytes]],
    rounds: int,
    folder: Path,
    database: Postgres | None = None,
    settle: Callable[[str], object] = str,
) -> OverHttp:
    """Ask a service of several paths in turns; then each from sixteen connections at once.

    Args:
        settings: Environment variables of the service.
        bodies: Of requests, by path; where they run out, they begin again.
        rounds: How often each path is asked in turns.
        folder: For its log, and for what is sent.
        database: Whose processors are looked at as well.
        settle: Waits until the service of a URL does nothing but answer.
    """
    found = OverHttp({path: Measured() for path in bodies}, {path: [] for path in bodies})
    asked = {path: cycle(some) for path, some in bodies.items()}
    server = started(dict(settings), folder / "service.log")
    try:
        settle(server.url)
        caller = _Caller(server.port)
        for number in range(rounds + 200):
            for path, some in asked.items():
                measured = found.latencies[path] if number >= 200 else Measured()
                body = next(some)
                with measured.one():
                    caller.ask(path, body)
        for _ in range(2):
            for path, some in asked.items():
                file = folder / "bodies.jsonl"
                file.write_bytes(b"\n".join(islice(some, _OF_A_RATE)))
                found.rates[path].append(_rate(server.port, path, file, server.workers(), database))
    finally:
        server.end()
    return found


def _rate(
    port: int,
    path: str,
    bodies: Path,
    workers: Sequence[psutil.Process],
    database: Postgres | None,
) -> Rate:
    """Answers of sixteen connections that ask again as soon as they are answered."""
    command = [sys.executable, LOAD, port, path, bodies, bodies, CONNECTIONS, SECONDS, "inf"]
    with subprocess.Popen(
        [*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as load:
        if load.stdin is None or load.stdout is None:
            raise AssertionError("no pipes")
        load.stdout.readline()
        others = [psutil.Process(load.pid), *([] if database is None else database.processes())]
        before, beside = _cpu(workers), _cpu(others)
        load.stdin.write("\n")
        load.stdin.flush()
        told = json.loads(load.stdout.readline())
        after = _cpu(workers)
        in_all = after - before + _cpu(others) - beside
    if told["errors"]:
        raise AssertionError(f"{path}: {told['errors']} errors")
    count = len(told["latencies"])
    return Rate(count / told["seconds"], 1e3 * (after - before) / count, 1e3 * in_all / count)


def _cpu(some: Sequence[psutil.Process]) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in some)
