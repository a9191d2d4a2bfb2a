"""The guard around applications that misbehave."""

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from valuebox.serving import guard
from valuebox.serving.errors import STATUS_OF, ErrorAnswer
from valuebox.settings import Settings

OPEN = SimpleNamespace(access=SimpleNamespace(mode="open"))


def ask(app: Any, method: str = "POST") -> httpx.Response:
    """Send a request to a guarded application."""

    async def send() -> httpx.Response:
        guarded = guard.Guard(app, settings=Settings, running=lambda: OPEN)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(guarded), base_url="http://test"
        ) as http:
            return await http.request(method, "/readyz", json={})

    return asyncio.run(send())


def code(answer: httpx.Response) -> str:
    error = ErrorAnswer.model_validate_json(answer.content).error
    assert answer.status_code == STATUS_OF[error.code]
    assert answer.headers["X-Request-Id"] == error.request_id
    return error.code


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr(guard, "ANSWER_WITHIN_SECONDS", 0.05)

    async def slow(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(60)

    assert code(ask(slow, method)) == "timed_out"


def test_a_crash_is_answered_at_once_and_in_the_one_shape() -> None:
    async def crashing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise TimeoutError("hunter2")

    answer = ask(crashing)
    assert code(answer) == "internal_error"
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, b"anything", "internal_error"),
        (503, b"Service is not ready", "not_ready"),
        (404, b"Not Found", "not_found"),
        (418, b"teapot", "internal_error"),
        (400, b'{"error": "no detail"}', "malformed_json"),
    ],
)
def test_errors_that_are_not_ours_get_our_shape(status: int, body: bytes, expected: str) -> None:
    async def failing(_scope: Scope, _receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": status, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": body[:3], "more_body": True})
        await send({"type": "http.response.body", "body": body[3:]})

    assert code(ask(failing)) == expected


def test_web_sockets_are_closed() -> None:
    sent: list[Any] = []

    async def record(message: Any) -> None:
        sent.append(message)

    async def unused(*_: Any) -> None:
        raise AssertionError("it was passed on")

    guarded = guard.Guard(unused, settings=Settings, running=lambda: OPEN)
    asyncio.run(guarded({"type": "websocket"}, unused, record))
    assert [message["type"] for message in sent] == ["websocket.close"]


APP = "https://app.example"


@pytest.mark.parametrize(
    ("headers", "origins", "expected"),
    [
        ({}, "", 200),
        ({"Sec-Fetch-Site": "none"}, "", 200),
        ({"Sec-Fetch-Site": "same-origin"}, "", 200),
        ({"Sec-Fetch-Site": "cross-site"}, "", 403),
        ({"Origin": "https://elsewhere.example"}, "", 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": APP}, APP, 200),
        ({"Sec-Fetch-Site": "cross-site"}, APP, 403),
    ],
)  # fmt: skip
def test_pages_of_other_sites_fetch_no_document(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], origins: str, expected: int
) -> None:
    async def document(_path: str, _body: Any, query: bytes) -> Response:
        return Response(query, media_type="text/csv")

    service = SimpleNamespace(access=OPEN.access, dispatch=SimpleNamespace(answer=document))
    route = SimpleNamespace(http="GET", document="text/csv", stores=True, scopes=frozenset())
    monkeypatch.setitem(guard.ROUTES, "/v1/tried.csv", route)

    async def send(method: str) -> httpx.Response:
        guarded = guard.Guard(
            None, settings=lambda: Settings(cors_origins=origins), running=lambda: service
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(guarded), base_url="http://test"
        ) as http:
            return await http.request(method, "/v1/tried.csv?days=3", headers=headers)

    answer = asyncio.run(send("GET"))
    assert answer.status_code == expected
    if expected == 200:
        assert answer.text == "days=3"
        assert asyncio.run(send("DELETE")).headers["Allow"] == "GET"
