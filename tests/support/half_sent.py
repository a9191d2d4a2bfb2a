"""A request whose last bytes are yet to be sent."""

import socket
from typing import Final

import httpx

from support.users import user

_KEPT_BACK: Final = 10


def predict_request(body: bytes) -> bytes:
    """A request for predictions, as it goes over the wire."""
    head = "POST /v1/ltv/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


# To predict one user.
ONE_USER: Final = predict_request(httpx.Request("POST", "http://x", json=[user()]).content)


class HalfSent:
    """A request to predict one user that a service on a port of this machine waits for."""

    def __init__(self, port: int):
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._connection.sendall(ONE_USER[:-_KEPT_BACK])

    def finish(self) -> int:
        """Send the rest; the status of the answer."""
        self._connection.sendall(ONE_USER[-_KEPT_BACK:])
        answer = self._connection.recv(64)
        self._connection.close()
        return int(answer.split()[1])
