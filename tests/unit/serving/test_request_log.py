import logging
from typing import Any

import pytest

from valuebox.serving.request_log import EACH_MINUTE, RequestLog


@pytest.fixture(autouse=True)
def seen(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "valuebox.access")
    return caplog


def fields(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.fields for record in caplog.records]  # type: ignore[attr-defined]


def test_a_share_of_good_requests_is_written_and_says_so(seen: pytest.LogCaptureFixture) -> None:
    log = RequestLog(0.25)
    for _ in range(2_000):
        log.write({"status": 200, "client": "10.0.0.1", "rows": None}, None)
    assert 400 < len(seen.records) < 600
    assert fields(seen)[0] == {"status": 200, "client": "10.0.0.1", "share": 0.25}


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "invalid_input"), (500, "internal_error"), (503, "database_unavailable")],
)
def test_errors_are_always_written(seen: pytest.LogCaptureFixture, status: int, code: str) -> None:
    log = RequestLog(0)
    for _ in range(100):
        log.write({"status": status, "client": "10.0.0.1"}, code)
        log.write({"status": 200, "client": "10.0.0.1"}, None)
    assert fields(seen) == [{"status": status, "client": "10.0.0.1"}] * 100
    assert {one.levelno >= logging.WARNING for one in seen.records} == {status >= 500}


def test_whoever_is_refused_again_and_again_does_not_fill_the_disk(
    seen: pytest.LogCaptureFixture,
) -> None:
    log = RequestLog(1)
    for _ in range(1_000):
        log.write({"status": 401, "client": "10.0.0.1"}, "unauthenticated")
    log.write({"status": 401, "client": "10.0.0.2"}, "unauthenticated")
    log.write({"status": 503, "client": "10.0.0.1"}, "overloaded")
    for _ in range(1_000):
        log.write({"status": 499, "client": "10.0.0.1"}, None)
    *many, last, other, overloaded = fields(seen)[:-EACH_MINUTE]
    assert many == [{"status": 401, "client": "10.0.0.1"}] * (EACH_MINUTE - 1)
    assert last == {"status": 401, "client": "10.0.0.1", "last_this_minute": True}
    assert [other["client"], overloaded["status"]] == ["10.0.0.2", 503]
