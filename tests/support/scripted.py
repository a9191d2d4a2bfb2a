"""A real HTTP server that answers as it is told, and remembers what it was sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from uuid import uuid4

HANG_UP: Final = 0
"""A status that stands for a connection which breaks before there is an answer."""


@dataclass
class Reply:
    """An answer of the server."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Sent:
    """A request that the server was sent."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Scripted:
    """The server: gives its replies one after the other, the last one for ever."""

    url: str
    replies: list[Reply]
    sent: list[Sent] = field(default_factory=list)

    def next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def refusal(code: str, message: str = "No.", **more: Any) -> dict[str, Any]:
    """A body of the one error shape."""
    return {"error": {"code": code, "message": message, "request_id": "r-1", **more}}


@contextmanager
def scripted(*replies: Reply) -> Iterator[Scripted]:
    """Serve on a free port of 127.0.0.1 until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length))
            server.sent.append(Sent(self.path, dict(self.headers), body))
            reply = server.next()
            if reply.status == HANG_UP:
                self.connection.close()
                return
            content = (
                reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            )
            self.send_response(reply.status)
            for name, value in {"X-Request-Id": str(uuid4()), **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Scripted(f"http://127.0.0.1:{listening.server_port}", list(replies))
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
