"""In how many pieces an answer is sent."""

from types import SimpleNamespace
from typing import Any

import pytest

from valuebox.serving.bounded_protocol import HeadWithBody

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Transport:
    """Keeps what is sent, piece by piece."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append(b"closed")


@pytest.fixture
def transport() -> Transport:
    return Transport()


def answer(transport: Any, *pieces: bytes) -> HeadWithBody:
    """Send pieces of which the first is the head."""
    sending = HeadWithBody(transport, SimpleNamespace(response_started=True))  # type: ignore[arg-type]
    for piece in pieces:
        sending.write(piece)
    return sending


@pytest.mark.parametrize(
    ("pieces", "sent"),
    [
        ([HEAD, b"[]"], [HEAD + b"[]"]),
        ([HEAD, b""], [HEAD]),
        ([HEAD, b"a", b"b"], [HEAD + b"a", b"b"]),
        ([HEAD, b"x" * 100_000], [HEAD, b"x" * 100_000]),
    ],
)
def test_the_head_goes_along_with_the_body(
    transport: Transport, pieces: list[bytes], sent: list[bytes]
) -> None:
    answer(transport, *pieces)
    assert transport.sent == sent


@pytest.mark.parametrize(("pieces", "sent"), [([HEAD], [HEAD]), ([HEAD, b"[]"], [HEAD + b"[]"])])
def test_closing_loses_nothing(
    transport: Transport, pieces: list[bytes], sent: list[bytes]
) -> None:
    answer(transport, *pieces).close()
    assert transport.sent == [*sent, b"closed"]


def test_what_asks_for_the_rest_of_a_request_is_not_held_back(transport: Transport) -> None:
    cycle = SimpleNamespace(response_started=False)
    sending = HeadWithBody(transport, cycle)  # type: ignore[arg-type]
    sending.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    cycle.response_started = True
    sending.write(HEAD)
    sending.write(b"[]")
    assert transport.sent == [b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"[]"]
