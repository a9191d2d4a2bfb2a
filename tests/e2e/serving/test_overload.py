"""A worker that has enough to do."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from support.databases import migrated_sqlite
from support.services import Service, eventually, running
from support.users import user

AT_ONCE = 3
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.2")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, model_tag: str) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("small")
    settings = {"VALUEBOX_MODEL": model_tag, "VALUEBOX_MAX_REQUESTS": str(AT_ONCE)}
    with running(migrated_sqlite(folder), folder, settings) as service:
        yield service


def half_a_request(service: Service, address: str = "127.0.0.1") -> socket.socket:
    """A connection whose body has not arrived in full."""
    where = urlsplit(service.url)
    connection = socket.create_connection(
        (where.hostname, where.port), timeout=30, source_address=(address, 0)
    )
    head = "POST /v1/ltv/model HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: 2\r\n\r\n{{".encode())
    return connection


def test_more_requests_than_it_takes_are_told_to_come_back(small: Service) -> None:
    before = small.count_rows()
    waiting = [half_a_request(small, address) for address in ADDRESSES]
    eventually(lambda: small.http.post("/v1/ltv/model", json={}).status_code == 503)
    refused = small.http.post("/v1/ltv/predict", json=[user()])
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "overloaded")
    assert int(refused.headers["Retry-After"]) >= 1
    assert small.count_rows() == before
    assert small.http.get("/readyz").status_code == 200
    for connection in waiting:
        connection.sendall(b"}")
        assert connection.recv(64).startswith(b"HTTP/1.1 200")
        connection.close()
    assert small.predict([user()])


def test_one_address_leaves_a_place_to_others(small: Service) -> None:
    greedy = [half_a_request(small, "127.0.0.2") for _ in range(AT_ONCE)]
    assert greedy[-1].recv(64).startswith(b"HTTP/1.1 503")
    assert small.predict([user()])
    for connection in greedy[:-1]:
        connection.sendall(b"}")
        assert connection.recv(64).startswith(b"HTTP/1.1 200")
    for connection in greedy:
        connection.close()


def test_a_client_that_hangs_up_makes_room(small: Service) -> None:
    for _ in range(3 * AT_ONCE):
        half_a_request(small).close()
    eventually(lambda: small.http.post("/v1/ltv/model", json={}).status_code == 200)
