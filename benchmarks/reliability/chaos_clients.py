"""Clients that send again, with a key, until they are answered."""

import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from uuid import uuid4

import httpx
from support.users import users
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from valuebox.serving.errors import IDEMPOTENCY_KEY_HEADER, REPLAYED_HEADER, REQUEST_ID_HEADER

PREDICT: Final = "/v1/ltv/predict"
OUTCOMES: Final = "/v1/ltv/outcomes"
MAX_ROWS: Final = 40
OUTCOMES_SHARE: Final = 0.1
REPLAYS_SHARE: Final = 0.2
GIVE_UP_SECONDS: Final = 600
RACERS: Final = 64
_AWAY: Final = (502, 503, 504)


class Away(Exception):
    """No answer, or one that says to come back."""


@dataclass
class Request:
    """What was sent with one key, and how it was answered."""

    path: str
    rows: list[dict[str, Any]]
    attempts: int = 0
    key: str = field(default_factory=lambda: f"chaos-{uuid4().hex}")
    answer: bytes = b""
    request_id: str = ""
    replayed: bool = False
    """Whether the first answer that arrived was that of an attempt before."""
    repeats: int = 0
    """How often it was answered again after that."""
    differing: int = 0
    """How many of these were not the same, byte by byte and by request id."""

    def note(self, answer: httpx.Response) -> None:
        """Keep the first answer, compare the later ones with it."""
        request_id = answer.headers[REQUEST_ID_HEADER]
        if not self.answer:
            self.answer, self.request_id = answer.content, request_id
            self.replayed = REPLAYED_HEADER in answer.headers
            return
        self.repeats += 1
        self.differing += (answer.content, request_id) != (self.answer, self.request_id)


class Clients:
    """A crowd that goes on sending until it is told to stop."""

    def __init__(self, url: str, size: int, first_user: int = MAX_ROWS):
        self.refusals = Counter[str]()
        """Answers of a service that said to come back, by their code."""
        self.requests: list[Request] = []
        self._broken: list[tuple[float, float]] = []
        self._answered: list[float] = []
        self._user_ids = count(first_user, MAX_ROWS)
        self._stop = threading.Event()
        # A connection for each request, so that a worker that is new gets its share.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=url, timeout=20, limits=limits)
        self._pool = ThreadPoolExecutor(size)
        self._running = [self._pool.submit(self._go_on, seed) for seed in range(size)]

    def broken_by(self, moment: float) -> int:
        """Requests that were under way then, by `time.monotonic()`, and got no answer."""
        return sum(began < moment <= ended for began, ended in list(self._broken))

    def has_answers_since(self, moment: float) -> bool:
        """Whether anybody was answered after that, by `time.monotonic()`."""
        return bool(self._answered) and self._answered[-1] > moment

    def refused(self) -> int:
        """How many answers said to come back, or never came, until now."""
        return self.refusals.total() + len(self._broken)

    def finish(self) -> None:
        """Let everybody get the answer that is still missing.

        Raises:
            Away: when somebody did not get one in time.
            httpx.HTTPStatusError: when an answer was neither good nor a documented 503.
        """
        self._stop.set()
        self._pool.shutdown()
        for one in self._running:
            one.result()

    def failure(self) -> BaseException | None:
        """What has ended a client before its time."""
        return next((error for one in self._running if (error := _error(one))), None)

    def race(self, keys: int) -> list[Request]:
        """One request at a time, sent by 64 clients at the same moment."""
        raced = []
        limits = httpx.Limits(max_connections=RACERS, max_keepalive_connections=0)
        with (
            ThreadPoolExecutor(RACERS) as pool,
            httpx.Client(base_url=self._http.base_url, timeout=60, limits=limits) as http,
        ):
            for _ in range(keys):
                request = Request(PREDICT, self._users(MAX_ROWS, seed=0), attempts=RACERS)
                start = threading.Barrier(RACERS)
                racing = [pool.submit(_send_at, start, http, request) for _ in range(RACERS)]
                for one in racing:
                    request.note(one.result())
                raced.append(request)
        self.requests += raced
        return raced

    def _go_on(self, seed: int) -> None:
        chance = random.Random(seed)
        while not self._stop.is_set():
            request = self._new_request(chance)
            self.requests.append(request)
            self._insist(request)
            if chance.random() < REPLAYS_SHARE:
                self._insist(request)

    def _new_request(self, chance: random.Random) -> Request:
        rows = self._users(chance.randint(1, MAX_ROWS), chance.randrange(1_000))
        if chance.random() >= OUTCOMES_SHARE:
            return Request(PREDICT, rows)
        outcomes = [{"user_id": row["user_id"], "target": chance.random()} for row in rows]
        return Request(OUTCOMES, outcomes)

    def _users(self, size: int, seed: int) -> list[dict[str, Any]]:
        """Users whom nobody has sent before, so that an outcome stored twice would show."""
        return users(size, first_id=next(self._user_ids), seed=seed)

    def _insist(self, request: Request) -> None:
        _again()(self._attempt, request)

    def _attempt(self, request: Request) -> None:
        began = time.monotonic()
        request.attempts += 1
        try:
            answer = _send(self._http, request)
        except httpx.HTTPError as error:
            self._broken.append((began, time.monotonic()))
            raise Away from error
        if answer.status_code in _AWAY and REQUEST_ID_HEADER not in answer.headers:
            # So a proxy says that there was nobody, or that the connection has broken off.
            self._broken.append((began, time.monotonic()))
            raise Away
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.refusals[answer.json()["error"]["code"]] += 1
            raise Away
        answer.raise_for_status()
        request.note(answer)
        self._answered.append(time.monotonic())


def _send(http: httpx.Client, request: Request) -> httpx.Response:
    headers = {IDEMPOTENCY_KEY_HEADER: request.key, "Content-Type": "application/json"}
    return http.post(request.path, content=json.dumps(request.rows), headers=headers)


def _send_at(start: threading.Barrier, http: httpx.Client, request: Request) -> httpx.Response:
    start.wait()
    return _again()(_send_unless_away, http, request)


def _send_unless_away(http: httpx.Client, request: Request) -> httpx.Response:
    answer = _send(http, request)
    if answer.status_code in _AWAY:
        raise Away
    return answer.raise_for_status()


def _again() -> Retrying:
    return Retrying(
        retry=retry_if_exception_type(Away),
        wait=wait_random_exponential(multiplier=0.05, max=0.5),
        stop=stop_after_delay(GIVE_UP_SECONDS),
        reraise=True,
    )


def _error(running: "Future[None]") -> BaseException | None:
    return running.exception() if running.done() else None
