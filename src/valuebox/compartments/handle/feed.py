"""The live feed, which is asked for what the warehouse cannot know yet, and never waited for long.

One deadline holds for everything: connecting, a second try, and every byte of the answer. After
some failures in a row the feed is left alone for a while.
"""

import json
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import httpcore
import httpx
from prometheus_client import Counter

from valuebox.compartments.handle.deadline import Deadline, Resolve, addresses
from valuebox.store.clock import CLOCK

DEADLINE: Final = 2.0
"""Seconds that an answer may take, from the first try to the last byte of the second one."""
MAX_BYTES: Final = 1_000_000
MAX_KEPT: Final = 20_000
"""Characters of an answer that are stored."""
_FAILURES: Final = 3
_REST: Final = 30.0
"""Seconds for which a feed is left alone that failed `_FAILURES` times in a row."""
_TRIES: Final = 2
_COMPARTMENT: Final = "handle"
_TOO_MUCH: Final = "The feed answers too much."


@dataclass(frozen=True)
class FeedSaid:
    """What the feed answered, or why it has not."""

    asked_at: datetime
    content: Any | None
    """What its JSON holds; None where there is none."""
    raw: str | None
    """The answer as it came, cut where it is long."""
    failure: str | None
    """Why there is no content, in a sentence."""
    seconds: float


class Feed:
    """Asks the feed.

    Args:
        url: Of the events that it tells.
        deadline: Seconds that an answer may take.
        clock: Function that tells the seconds that passed.
        resolve: Function that finds the addresses of a host.
    """

    def __init__(
        self,
        url: str,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.monotonic,
        resolve: Resolve = addresses,
    ):
        parsed = httpx.URL(url)
        self._url = httpcore.URL(
            scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path
        )
        self._headers = [("Accept", "application/json")]
        if parsed.userinfo:
            known = b64encode(unquote_to_bytes(parsed.userinfo)).decode()
            self._headers.append(("Authorization", f"Basic {known}"))
        self._deadline, self._clock, self._resolve = deadline, clock, resolve
        self._tls = httpcore.default_ssl_context()
        self._lock = Lock()
        self._failures = 0
        self._resting_until = 0.0

    def ask(self) -> FeedSaid:
        """What the feed answers now; never raises, and returns within the deadline."""
        began, asked_at = self._clock(), CLOCK.moment()
        with self._lock:
            rests = began < self._resting_until
        if rests:
            return FeedSaid(asked_at, None, None, "The feed failed, and is left alone a while.", 0)
        failure, raw = "", None
        for _ in range(_TRIES):
            content, raw, failure, is_final = self._try(began + self._deadline)
            if not failure:
                self._note(True)
                return FeedSaid(asked_at, content, raw, None, self._clock() - began)
            if is_final:
                break
        self._note(False)
        return FeedSaid(asked_at, None, raw, failure, self._clock() - began)

    def _note(self, went_well: bool) -> None:
        with self._lock:
            self._failures = 0 if went_well else self._failures + 1
            if self._failures >= _FAILURES:
                # After its rest the breaker opens again at the first failure.
                self._failures = _FAILURES - 1
                self._resting_until = self._clock() + _REST

    def _try(self, until: float) -> tuple[Any | None, str | None, str, bool]:
        """Content, answer, failure, and whether there is no point in trying again."""
        parts: list[bytes] = []
        size = 0
        network = Deadline(lambda: until - self._clock(), self._resolve)
        try:
            with (
                httpcore.ConnectionPool(self._tls, network_backend=network) as pool,
                pool.stream("GET", self._url, headers=self._headers) as answer,
            ):
                if answer.status != httpx.codes.OK:
                    again = answer.status >= 500
                    return None, None, f"The feed answered {answer.status}.", not again
                for part in answer.iter_stream():
                    parts.append(part)
                    size += len(part)
                    if size > MAX_BYTES:
                        return None, _kept(parts), _TOO_MUCH, True
        except httpcore.TimeoutException:
            return None, _kept(parts) or None, "The feed did not answer in time.", True
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            return None, _kept(parts) or None, "The feed cannot be reached.", False
        content, failure = content_of(b"".join(parts))
        return content, _kept(parts), failure, True


def content_of(body: bytes) -> tuple[Any | None, str]:
    """What an answer holds, and why nothing can be read of it; empty where something can."""
    if len(body) > MAX_BYTES:
        return None, _TOO_MUCH
    try:
        return json.loads(body), ""
    except (ValueError, RecursionError):
        return None, "The feed answers something else than JSON."


def count_feed(state: str) -> None:
    """Count a request by what was made of the feed: `used`, `ignored` or `absent`."""
    _answers().labels(_COMPARTMENT, state).inc()


def expect_feed() -> None:
    """Tell Prometheus of each state, before there is any request."""
    for state in ("used", "ignored", "absent"):
        _answers().labels(_COMPARTMENT, state)


@cache
def _answers() -> Counter:
    return Counter(
        "valuebox_feed_answers",
        "Requests for forecasts, by what was made of the live feed.",
        ["compartment", "state"],
    )


def _kept(parts: list[bytes]) -> str:
    # PostgreSQL has no text with NUL.
    text = b"".join(parts)[: 4 * MAX_KEPT].decode("utf-8", "replace")
    return text[:MAX_KEPT].replace("\0", "�")
