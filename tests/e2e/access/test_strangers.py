"""Requests that a page in somebody's browser, or somebody on the network, can make."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
from support.footprint import unharmed
from support.services import Service

pytestmark = pytest.mark.sqlite_alone

DAY = "2019-08-01"
REPORT = b'[{"user_id": 23000001, "target": 1}]'


def test_a_body_without_a_type_is_refused(service: Service) -> None:
    """Any page may send one to this machine without asking; not one that is called JSON."""
    with unharmed(service):
        refused = service.http.post("/v1/ltv/outcomes", content=REPORT)
        assert "Content-Type" not in refused.request.headers
        assert refused.json()["error"]["code"] == "unsupported_media_type"


def test_a_slash_at_the_end_leads_nowhere(service: Service) -> None:
    """And never to the host that the caller named."""
    with unharmed(service):
        answer = service.http.post("/v1/ltv/predict/", json=[], headers={"Host": "else.where"})
        assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("path", ["outcomes%0A", "outcomes%0D%0A", "%6Futcomes%0a", "Outcomes"])
def test_only_a_path_to_the_letter_leads_somewhere(service: Service, path: str) -> None:
    """Whatever stands before an endpoint must not take its path for another one."""
    with unharmed(service):
        headers = {"Content-Type": "text/plain"}
        answer = service.http.post(f"/v1/ltv/{path}", content=REPORT, headers=headers)
        assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("host", ["rebound.example.com", "127.0.0.1.example.com", "10.0.0.1", ""])
def test_a_page_cannot_come_in_under_a_name_of_its_own(service: Service, host: str) -> None:
    with unharmed(service):
        answer = service.http.post("/v1/ltv/outcomes", json=[], headers={"Host": host})
        assert answer.json()["error"]["code"] == "forbidden"
        assert service.http.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:3000", "127.0.0.2", "[::1]:80"])
def test_this_machine_may_be_called_by_any_of_its_names(service: Service, host: str) -> None:
    answer = service.http.post("/v1/ltv/model", json={}, headers={"Host": host})
    assert answer.status_code == 200


def test_paths_of_strangers_are_written_down_nowhere(service: Service) -> None:
    secret = uuid4().hex
    sizes = []
    for _ in range(3):
        for number in range(20):
            service.http.get(f"/{secret}{number}@example.com")
        metrics = service.http.get("/metrics").text
        assert secret not in metrics
        sizes.append(len(metrics))
    assert sizes[2] < sizes[1] + 200
    assert secret not in service.log()


# Made by the test alone: every process that collects this file would hold all of them.
LARGE: dict[str, tuple[str, Callable[[], object]]] = {
    "unknown fields": (
        "/v1/ltv/predictions/search",
        lambda: {f"x{n}": n for n in range(180_000)},
    ),
    "columns of a user": (
        "/v1/ltv/predict",
        lambda: [{"user_id": 1, "join_date": DAY, **{f"x{n}": n for n in range(180_000)}}],
    ),
    "one long list": (
        "/v1/ltv/predict",
        lambda: [{"user_id": 1, "join_date": DAY, "x": list(range(450_000))}],
    ),
    "bad values": (
        "/v1/ltv/predict/bulk",
        lambda: {"user_id": [-1] * 100_000, "join_date": [0] * 100_000, "STV": [-1] * 100_000},
    ),
    "bad users": ("/v1/ltv/predict", lambda: [{"user_id": -1, "STV": "x", "hidden": 7}] * 10_000),
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_large_body_keeps_nobody_else_waiting(service: Service, kind: str) -> None:
    path, body = LARGE[kind]
    content = json.dumps(body()).encode()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(
            httpx.post,
            f"{service.url}{path}",
            content=content,
            headers={"Content-Type": "application/json"},
            timeout=60,
        )
        waited = []
        while not sent.done():
            began = time.monotonic()
            assert service.http.get("/livez").status_code == 200
            waited.append(time.monotonic() - began)
    assert sent.result().status_code in {200, 400}
    assert max(waited) < 3
