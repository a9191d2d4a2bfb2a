"""A live feed as a real HTTP server, which answers well or fails in any way that feeds fail."""

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

Events = list[dict[str, Any]]
_MANY: Final = 200_000_000
_CHUNK: Final = b"x" * 65_536


def _each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Events], Any]:
    return lambda events: {"events": [change(dict(one)) for one in events]}


def _without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda one: {key: value for key, value in one.items() if key != name}


def _with(name: str, value: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda one: {**one, name: value}


CONTENTS: Final[Mapping[str, Callable[[Events], Any]]] = {
    "well": lambda events: {"events": events},
    "no_field": _each(_without("all_registered")),
    "null_field": _each(_with("all_registered", None)),
    "negative_field": _each(_with("all_registered", -5)),
    "text_field": _each(_with("all_registered", "many")),
    "no_number": _each(_with("all_registered", float("nan"))),
    "endless_number": _each(_with("all_registered", 10**400)),
    "tenfold": _each(lambda one: {**one, "all_registered": one["all_registered"] * 10}),
    "fallen": _each(lambda one: {**one, "all_registered": one["all_registered"] // 2}),
    # What a feed does that overwrites its counts by chance, whatever the teams are.
    "made_up_places": _each(lambda one: {**one, "home_users": 11_369, "away_users": 2_399}),
    "contradicting": lambda events: {
        "events": [
            {**one, "all_registered": one["all_registered"] + at} for at, one in enumerate(events)
        ]
    },
    "no_matches": lambda events: {"events": []},
    "few_matches": lambda events: {"events": events[:1]},
    "twice": lambda events: {"events": [*events, *events]},
    "unknown_teams": _each(_with("home_team", "Nobody's Nags")),
    "played_week": _each(_with("week_of_season", 1)),
    "another_shape": lambda events: [1, 2, 3],
    "no_list": lambda events: {"events": {"home_team": "a"}},
}
"""What is answered as JSON, by mode."""
BROKEN: Final = (
    *("slow", "drip", "drip_headers", "stall", "hang", "error", "busy", "moved", "html", "cut"),
    *("empty", "endless", "closed", "deep", "guarded"),
)
"""Modes in which something else comes than JSON, or nothing, or not in time."""
MODES: Final = (*CONTENTS, *BROKEN)


class FeedServer(ThreadingHTTPServer):
    """The feed; `mode` says how it answers, and can be changed while it runs."""

    daemon_threads = True

    def __init__(self, events: Callable[[], Events], mode: str = "well", port: int = 0):
        """A feed that tells events on 127.0.0.1; port 0 takes any."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.events, self.mode = events, mode
        self.asked = 0
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """Where it tells its events."""
        return f"http://127.0.0.1:{self.server_address[1]}/events"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who have had enough."""


@contextmanager
def serving(events: Callable[[], Events], mode: str = "well") -> Iterator[FeedServer]:
    """A feed that runs until the block ends."""
    server = FeedServer(events, mode)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: FeedServer

    def do_GET(self) -> None:
        """Answer as the mode says."""
        if self.path == "/health":
            self._say(b"ok", "text/plain")
            return
        self.server.asked += 1
        mode = self.server.mode
        if mode in CONTENTS:
            self._say(json.dumps(CONTENTS[mode](self.server.events())).encode())
        else:
            getattr(self, f"_{mode}")(json.dumps({"events": self.server.events()}).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, as above
        """Keep quiet."""

    def _say(self, body: bytes, kind: str = "application/json", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _pause(self, seconds: float) -> None:
        self.server.stopping.wait(seconds)

    def _slow(self, body: bytes) -> None:
        self._pause(4)
        self._say(body)

    def _hang(self, body: bytes) -> None:
        self._pause(30)

    def _drip(self, body: bytes) -> None:
        self._begin(body)
        self._slowly(body)

    def _drip_headers(self, body: bytes) -> None:
        self._slowly(b"HTTP/1.1 200 OK\r\n" + b"X-Nothing: at all\r\n" * 1_000)

    def _stall(self, body: bytes) -> None:
        self._begin(body)
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self._pause(30)

    def _begin(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()

    def _slowly(self, answer: bytes) -> None:
        for at in range(len(answer)):
            if self.server.stopping.is_set():
                return
            self.wfile.write(answer[at : at + 1])
            self.wfile.flush()
            time.sleep(0.1)

    def _error(self, body: bytes) -> None:
        self._say(b"{}", status=500)

    def _guarded(self, body: bytes) -> None:
        """Known callers alone are answered: `finance`, whose password is `s@fe`."""
        known = self.headers.get("Authorization") == "Basic " + b64encode(b"finance:s@fe").decode()
        self._say(body if known else b"{}", status=200 if known else 401)

    def _busy(self, body: bytes) -> None:
        self._say(b"{}", status=429)

    def _moved(self, body: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _html(self, body: bytes) -> None:
        self._say(b"<html>We are down for maintenance</html>", "text/html")

    def _cut(self, body: bytes) -> None:
        self._say(body[: len(body) // 2])

    def _empty(self, body: bytes) -> None:
        self._say(b"")

    def _closed(self, body: bytes) -> None:
        self.connection.close()

    def _deep(self, body: bytes) -> None:
        self._say(b"[" * 100_000)

    def _endless(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(_MANY))
        self.end_headers()
        for _ in range(_MANY // len(_CHUNK)):
            if self.server.stopping.is_set():
                return
            self.wfile.write(_CHUNK)
