"""Mixed work from many connections, each as fast as it is answered."""

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import Final
from uuid import uuid4

from support.users import users

from valuebox.serving.errors import IDEMPOTENCY_KEY_HEADER, REQUEST_ID_HEADER

PREDICT: Final = "/v1/ltv/predict"
SINGLE: Final = "one user"
LARGEST: Final = "1,000 users"
HANG_UP: Final = "client hangs up half-way"
# Of all requests, in percent.
MIX: Final = {
    SINGLE: 43,
    "100 users": 18,
    LARGEST: 3,
    "one user, sent twice with a key": 12,
    "search": 10,
    "outcomes": 7,
    "model card": 3,
    "bad request": 3,
    HANG_UP: 1,
}
BODIES: Final = 20
_BAD: Final = (b"[{", b"[]", b'[{"user_id": -1}]', b'[{"user_id": 1, "join_date": "never"}]')


class Load:
    """Connections that send until they are told to stop.

    At first all send the largest requests at once. Of what a process takes for its busiest moment
    it gives back little: chance would bring that moment about later, and it would look like growth.

    Args:
        port: Of the service, on 127.0.0.1.
        connections: How many; each waits for its answer before it sends again.
        busiest: Seconds of the largest requests alone.
    """

    def __init__(self, port: int, connections: int, busiest: float):
        self.done: Counter[str] = Counter()
        """Requests by kind."""
        self.wrong: Counter[str] = Counter()
        """Answers with a status that was not due, by kind and status."""
        self._port = port
        self._mixed_from = time.monotonic() + busiest
        self._latencies: list[float] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._numbers = count(1)
        self._bodies = {
            name: [json.dumps(users(size, seed=seed)).encode() for seed in range(BODIES)]
            for name, size in ((SINGLE, 1), ("100 users", 100), (LARGEST, 1_000))
        }
        self._pool = ThreadPoolExecutor(connections)
        self._running = [self._pool.submit(self._go_on, seed) for seed in range(connections)]

    def take_latencies(self) -> list[float]:
        """Seconds that requests of one user took, since this was asked last."""
        with self._lock:
            taken, self._latencies = self._latencies, []
        return taken

    def finish(self) -> None:
        """Stop, when everybody has the answer that is under way.

        Raises:
            OSError: when a connection broke.
        """
        self._stop.set()
        self._pool.shutdown()
        for one in self._running:
            one.result()

    def _go_on(self, seed: int) -> None:
        chance = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        request_id = str(uuid4())
        while not self._stop.is_set():
            (kind,) = chance.choices(list(MIX), list(MIX.values()))
            if time.monotonic() < self._mixed_from:
                kind = LARGEST
            if kind == HANG_UP:
                self._hang_up(chance.choice(self._bodies[LARGEST]))
            else:
                request_id = self._do(kind, connection, chance, request_id)
            with self._lock:
                self.done[kind] += 1
        connection.close()

    def _do(
        self, kind: str, connection: http.client.HTTPConnection, chance: random.Random, last: str
    ) -> str:
        """One piece of work; the id of a request whose predictions can be searched."""
        if kind in self._bodies:
            body = chance.choice(self._bodies[kind])
            return self._send(kind, connection, PREDICT, body)[1]
        if kind == "search":
            self._send(kind, connection, f"{PREDICT}ions/search", _json({"request_id": last}))
        elif kind == "outcomes":
            user_ids = (next(self._numbers) for _ in range(10))
            outcomes = [{"user_id": one, "target": chance.random()} for one in user_ids]
            self._send(kind, connection, "/v1/ltv/outcomes", _json(outcomes))
        elif kind == "model card":
            self._send(kind, connection, "/v1/ltv/model", b"{}")
        elif kind == "bad request":
            self._send(kind, connection, PREDICT, chance.choice(_BAD), status=400)
        else:
            key, body = uuid4().hex, chance.choice(self._bodies[SINGLE])
            answers = [self._send(kind, connection, PREDICT, body, key) for _ in range(2)]
            if answers[0] != answers[1]:
                self._note_wrong(f"{kind}: two answers")
            return answers[0][1]
        return last

    def _send(
        self,
        kind: str,
        connection: http.client.HTTPConnection,
        path: str,
        body: bytes,
        key: str | None = None,
        status: int = 200,
    ) -> tuple[bytes, str]:
        headers = {"Content-Type": "application/json"}
        if key:
            headers[IDEMPOTENCY_KEY_HEADER] = key
        began = time.perf_counter()
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if kind == SINGLE:
            with self._lock:
                self._latencies.append(time.perf_counter() - began)
        if answer.status != status:
            self._note_wrong(f"{kind}: {answer.status}")
        return content, answer.headers[REQUEST_ID_HEADER] or ""

    def _note_wrong(self, what: str) -> None:
        with self._lock:
            self.wrong[what] += 1

    def _hang_up(self, body: bytes) -> None:
        head = f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self._port)) as half, suppress(OSError):
            half.sendall(head.encode() + body[: len(body) // 2])


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
