"""Callers who take connections and say little: others are answered all the same."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import httpx
import pytest
from support.commands import only_line, valuebox
from support.databases import migrated_sqlite
from support.services import Service, running
from support.users import user

from valuebox.serving.bodies import SILENT_SECONDS
from valuebox.serving.bounded_protocol import HEAD_SECONDS

MOST = 40
HUNG = 60
ELSEWHERE = ("127.0.0.2", 0)
HEAD = b"POST /v1/ltv/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


class Crowded(NamedTuple):
    """A service that takes few connections from an address, and few requests of a key."""

    service: Service
    keys: list[str]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, model_tag: str) -> Iterator[Crowded]:
    folder = tmp_path_factory.mktemp("crowded")
    settings = {
        "VALUEBOX_MODEL": model_tag,
        "VALUEBOX_ACCESS": "keys",
        "VALUEBOX_MAX_CONNECTIONS_PER_ADDRESS": str(MOST),
        "VALUEBOX_MAX_REQUESTS": "40",
        "VALUEBOX_TRUSTED_PROXIES": "127.0.0.3",
    }
    url = migrated_sqlite(folder)
    keys = [create(url, name) for name in ("hangs", "works")]
    with running(url, folder, settings) as service:
        yield Crowded(service, keys)


def create(url: str, name: str) -> str:
    given = ("--scope", "predict", "--scope", "read", "--database-url", url)
    return only_line(valuebox("keys", "create", name, *given)[0])


def connect(service: Service, source: tuple[str, int] | None = None) -> socket.socket:
    url = httpx.URL(service.url)
    return socket.create_connection((url.host, url.port), timeout=30, source_address=source)


def answer_of(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1000)
    except ConnectionError:
        return b""


def status(answer: bytes) -> str:
    return answer[9:12].decode()


def elsewhere(service: Service) -> httpx.Client:
    transport = httpx.HTTPTransport(local_address=ELSEWHERE[0])
    return httpx.Client(base_url=service.url, transport=transport, timeout=30)


def test_half_a_head_is_not_waited_for_and_an_address_has_its_share(crowded: Crowded) -> None:
    service, keys = crowded
    service.http.close()
    with ExitStack() as stack:
        began = time.monotonic()
        silent = [stack.enter_context(connect(service)) for _ in range(MOST - 1)]
        for number, one in enumerate(silent):
            one.sendall(HEAD[: number * 3])
        extra = [stack.enter_context(connect(service)) for _ in range(5)]
        refused = [status(answer_of(one)) for one in extra]
        assert refused.count("503") >= 4
        with elsewhere(service) as other:
            for path in ("/livez", "/readyz"):
                assert other.get(path).status_code == 200
            key = {"Authorization": f"Bearer {keys[0]}"}
            told = other.get("/metrics", headers=key).text
        assert 'valuebox_connections_refused_total{reason="one address"}' in told
        ended = [status(answer_of(one)) for one in silent]
        took = time.monotonic() - began
    assert set(ended) == {"408"}
    assert HEAD_SECONDS - 1 < took < HEAD_SECONDS + 10
    log = service.log_file.read_text()
    said = [json.loads(line) for line in log.splitlines() if "connections are refused" in line]
    # Once for each reason, however many there are.
    assert sorted(line["reason"] for line in said) == ["one address", "slow head"]
    assert {line["address"] for line in said} == {"127.0.0.1"}


def test_bodies_that_hang_do_not_take_another_key_along(crowded: Crowded) -> None:
    service, (first, second) = crowded
    sent = HEAD + f"Authorization: Bearer {first}\r\nContent-Length: 500\r\n\r\n[".encode()
    with ExitStack() as stack:
        began = time.monotonic()
        # Through a proxy, so that the address of all of them may have so many connections.
        hung = [stack.enter_context(connect(service, ("127.0.0.3", 0))) for _ in range(HUNG)]
        for one in hung:
            one.sendall(sent)
        with elsewhere(service) as other:
            for _ in range(20):
                asked = time.monotonic()
                answer = other.post(
                    "/v1/ltv/predict",
                    json=[user(1)],
                    headers={"Authorization": f"Bearer {second}"},
                )
                assert answer.status_code == 200, answer.text
                assert time.monotonic() - asked < SILENT_SECONDS / 2
        ended = [status(answer_of(one)) for one in hung]
        took = time.monotonic() - began
    assert set(ended) == {"408", "503"}
    # Three quarters of what the worker takes at once.
    assert ended.count("408") == 30
    assert took < SILENT_SECONDS + 15
