import socket
import time
from urllib.parse import urlsplit

import pytest
from support.footprint import unharmed
from support.services import Service
from support.users import user
from support.wire import BROKEN, WIRE, Raw, conversation

pytestmark = pytest.mark.sqlite_alone


@pytest.mark.parametrize("raw", WIRE, ids=str)
def test_strange_bytes_get_their_own_answers_and_nobody_elses(service: Service, raw: Raw) -> None:
    with unharmed(service, raw.stored):
        told = conversation(service.url, raw)
        # Broken HTTP ends the connection; so does what was refused before it was read.
        assert told in (list(raw.answers), [*raw.answers, "not_found"])
        if raw.answers[-1] == BROKEN:
            assert told == list(raw.answers)
    assert service.predict([user(1)])[0]["user_id"] == 1


def test_bodies_that_never_end_keep_nobody_waiting(service: Service) -> None:
    address = urlsplit(service.url)
    head = b"POST /v1/ltv/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3999999\r\n\r\n["
    with unharmed(service, stored=1):
        slow = [socket.create_connection((address.hostname, address.port)) for _ in range(50)]
        for connection in slow:
            connection.sendall(head)
        started = time.monotonic()
        service.predict([user(1)])
        assert time.monotonic() - started < 5
        for connection in slow:
            connection.close()
