import json
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from support.footprint import unharmed
from support.services import Service
from support.wire import BROKEN, OK, Raw, conversation

from valuebox.serving.bounded_protocol import MAX_HEAD_BYTES

pytestmark = pytest.mark.sqlite_alone

LINE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
ENDLESS = {
    "one header": b"X: " + b"a" * 1_000_000,
    "one name": b"X" * 1_000_000,
    "many headers": b"X: a\r\n" * 200_000,
}


@pytest.mark.parametrize("headers", ENDLESS.values(), ids=ENDLESS)
def test_headers_that_never_end_are_not_collected(service: Service, headers: bytes) -> None:
    address = urlsplit(service.url)
    with (
        unharmed(service),
        socket.create_connection((address.hostname, address.port), timeout=20) as connection,
    ):
        sent = 0
        # Closed while there was more to read, the connection is reset.
        with suppress(ConnectionError):
            connection.sendall(LINE)
            while sent < 300 * MAX_HEAD_BYTES:
                connection.sendall(headers)
                sent += len(headers)
        assert sent < 30 * MAX_HEAD_BYTES


def test_a_connection_takes_any_number_of_requests(service: Service) -> None:
    header = {"X-Large": "a" * (MAX_HEAD_BYTES // 10)}
    for _ in range(15):
        assert service.http.get("/livez", headers=header).status_code == 200


def test_nobody_names_another_client_than_they_are(service: Service) -> None:
    told = service.http.get("/docs.json", headers={"X-Forwarded-For": "203.0.113.9"})
    lines = [line for line in service.log().splitlines() if told.headers["X-Request-Id"] in line]
    assert [json.loads(line)["client"] for line in lines] == ["127.0.0.1"]


@pytest.mark.parametrize(
    "headers",
    [b"X: " + b"a" * 500_000, b"\r\n".join(b"X-%d: y" % number for number in range(10_000))],
    ids=["500 kB", "10,000"],
)
def test_large_headers_within_the_bound_are_read(service: Service, headers: bytes) -> None:
    sent = Raw("large headers", LINE + headers + b"\r\n\r\n", (OK,))
    with unharmed(service):
        assert conversation(service.url, sent) == [OK, "not_found"]


def test_headers_beyond_the_bound_are_refused(service: Service) -> None:
    sent = Raw("too large", LINE + b"X: " + b"a" * 2 * MAX_HEAD_BYTES + b"\r\n\r\n")
    with unharmed(service), suppress(ConnectionError):
        assert conversation(service.url, sent) == [BROKEN]
