"""How the public clients send, send again, and say what is wrong."""

import asyncio
import inspect
import re
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.scripted import HANG_UP, Reply, refusal, scripted

import valuebox
from valuebox import AsyncClient, Client, ServiceError
from valuebox.client.bodies import columns_of, rows_of
from valuebox.serving.endpoint import ROUTES

KEY = "vbx_do-not-show-me"
USER = {"user_id": 1, "join_date": "2019-08-01"}
PREDICTED = [
    {
        "user_id": 1,
        "prediction": 2.5,
        "lower": 1.0,
        "upper": 4.0,
        "model": "ltv:a",
        "prediction_id": "019c2f4e-6a3b-7c1d-9e2f-3a4b5c000000",
    }
]
STORED = {"received": 1, "added": 1, "corrected": 0, "unchanged": 0}
FINE = Reply(200, STORED)


def test_importing_the_package_loads_nothing_that_is_heavy() -> None:
    heavy = ("bentoml", "xgboost", "pandas", "numpy", "sqlalchemy", "scipy")
    code = (
        f"import sys, valuebox; heavy = {heavy};"
        "print(valuebox.__version__, *[m for m in heavy if m in sys.modules]);"
        "valuebox.Client; print(*[m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{valuebox.__version__}\n\n"


def test_every_public_name_is_there_and_no_other_is_promised() -> None:
    assert [name for name in valuebox.__all__ if not hasattr(valuebox, name)] == []
    assert dir(valuebox) == sorted(valuebox.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        valuebox.Klient  # noqa: B018


def test_both_clients_have_the_same_methods_with_the_same_arguments() -> None:
    def methods(kind: type) -> dict[str, Any]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert methods(Client) == methods(AsyncClient)
    assert list(inspect.signature(Client).parameters.values()) == list(
        inspect.signature(AsyncClient).parameters.values()
    )


def test_every_method_leads_to_an_endpoint() -> None:
    import valuebox.service  # noqa: F401  (declares every endpoint)
    from valuebox.client import calls

    paths = re.findall(r'"(/v1/[^"]+)"', inspect.getsource(calls))
    assert len(paths) == 21
    assert [path for path in paths if path not in ROUTES] == []


def test_a_request_is_sent_again_with_its_key_while_the_service_is_away() -> None:
    away = Reply(503, refusal("database_unavailable"), {"Retry-After": "0"})
    with (
        scripted(away, Reply(502, b"<html>"), Reply(HANG_UP, {}), FINE) as server,
        Client(server.url, api_key=KEY) as client,
    ):
        assert client.outcomes({1: 2.5}).added == 1
        keys = {one.headers["Idempotency-Key"] for one in server.sent}
        assert len(server.sent) == 4
        assert len(keys) == 1
        assert {one.headers["Authorization"] for one in server.sent} == {f"Bearer {KEY}"}
        client.outcomes({1: 2.5})
        client.outcomes({1: 2.5}, key="mine")
        last, mine = (one.headers["Idempotency-Key"] for one in server.sent[-2:])
    assert last not in keys
    assert mine == "mine"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 415, 500])
def test_what_cannot_become_better_is_sent_once(status: int) -> None:
    with scripted(Reply(status, refusal("not_found"))) as server, Client(server.url) as client:
        with pytest.raises(ServiceError) as caught:
            client.models()
        assert len(server.sent) == 1
    assert not caught.value.is_away
    assert caught.value.status == status


def test_retry_after_is_waited_for_and_no_longer_than_asked() -> None:
    limited = Reply(429, refusal("rate_limited"), {"Retry-After": "1"})
    with scripted(limited, FINE) as server:
        began = time.monotonic()
        # A limit is waited for although nothing else would be.
        with Client(server.url, retry_seconds=0) as client:
            assert client.outcomes({1: 1.0}).received == 1
        assert time.monotonic() - began >= 1
        server.replies[:] = [Reply(429, refusal("rate_limited"), {"Retry-After": "60"})]
        with Client(server.url, limit_seconds=5) as client, pytest.raises(ServiceError) as caught:
            client.outcomes({1: 1.0})
    assert caught.value.code == "rate_limited"
    assert caught.value.retry_after == 60
    assert time.monotonic() - began < 5


def test_retry_after_may_be_a_moment() -> None:
    past = Reply(503, b"", {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    odd = Reply(503, b"", {"Retry-After": "soon"})
    nowhere = Reply(503, b"", {"Retry-After": "Wed, 21 Oct 2015 07:28:00 -0000"})
    with scripted(past, nowhere, FINE) as server, Client(server.url) as client:
        assert client.outcomes({1: 1.0}).added == 1
        server.replies[:] = [odd]
        with Client(server.url, retry_seconds=0) as once, pytest.raises(ServiceError) as caught:
            once.models()
    assert caught.value.retry_after is None
    assert caught.value.code == "http_503"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_service_that_starts_late_is_waited_for_unless_told_otherwise() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    began = time.monotonic()
    with Client(url, wait_for_start=False) as client:
        with pytest.raises(ServiceError, match=f"no service at {url}") as caught:
            client.models()
        assert caught.value.code == "unreachable"
        assert caught.value.is_away
    with Client(url, retry_seconds=0.5) as client, pytest.raises(ServiceError):
        client.models()
    assert time.monotonic() - began < 3


def test_an_error_names_rows_and_fields() -> None:
    problems = [
        {"row": 3, "field": "STV", "message": "Input should be a finite number"},
        {"field": "x", "message": "Extra inputs are not permitted"},
        {"message": "Too much"},
    ]
    body = refusal("invalid_input", "The input has 9 problems.", problems=problems, problem_count=9)
    with scripted(Reply(400, body)) as server, Client(server.url, api_key=KEY) as client:
        with pytest.raises(ServiceError) as caught:
            client.predict([USER])
        assert KEY not in repr(client) + repr(caught.value) + str(caught.value)
    error = caught.value
    assert str(error) == (
        f"{server.url}/v1/ltv/predict answered 400 invalid_input: The input has 9 problems. row 3, "
        "STV: Input should be a finite number; x: Extra inputs are not permitted; Too much"
    )
    assert [(one.row, one.field) for one in error.problems] == [
        (3, "STV"),
        (None, "x"),
        (None, None),
    ]
    assert (error.problem_count, error.request_id, error.code) == (9, "r-1", "invalid_input")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>hello</html>"),
        Reply(200, {"other": 1}),
        Reply(200, STORED, {"X-Request-Id": "nonsense"}),
    ],
)
def test_what_is_no_valuebox_is_said_to_be_none(reply: Reply) -> None:
    with (
        scripted(reply) as server,
        Client(server.url) as client,
        pytest.raises(ServiceError, match="is no valuebox of this version") as caught,
    ):
        client.outcomes({1: 1.0})
    assert caught.value.code == "no_valuebox"


def test_an_answer_of_a_newer_service_may_tell_more() -> None:
    with scripted(Reply(200, {**STORED, "new": [1]})) as server, Client(server.url) as client:
        assert client.outcomes({1: 1.0}).received == 1


@pytest.mark.parametrize("url", ["", "localhost:3000", "ftp://x", "http://", "http://x:99999999"])
def test_what_is_no_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ServiceError, match="is no address") as caught:
        Client(url)
    assert caught.value.code == "bad_address"


@pytest.mark.parametrize("key", ["vbx_\nX-Other: 1", "vbx_ü", "vbx_\x00"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ServiceError) as caught:
        Client(api_key=key)
    assert str(caught.value) == "api_key holds what no API key is"


def test_a_password_in_the_address_is_not_shown() -> None:
    url = "http://somebody:hunter2@127.0.0.1:1"
    with Client(url, retry_seconds=0) as client:
        assert "hunter2" not in repr(client)
        with pytest.raises(ServiceError) as caught:
            client.models()
    assert str(caught.value) == "no service at http://127.0.0.1:1"


@pytest.mark.parametrize("url", ["http://me:hunter2@x:bad/", "me:hunter2@x", "ftp://me:hunter2@x"])
def test_a_password_in_what_is_no_address_is_not_shown(url: str) -> None:
    with pytest.raises(ServiceError, match="is no address") as caught:
        Client(url)
    assert "hunter2" not in str(caught.value)


def test_a_password_in_the_address_is_sent_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    with scripted(FINE) as server:
        with Client(server.url.replace("://", "://me:hunter2@")) as client:
            client.outcomes({1: 2.5})
        assert server.sent[0].headers["Authorization"] == "Basic bWU6aHVudGVyMg=="
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("key", ["", " ", "a b", "a\nX-Other: 1", "ключ"])
def test_what_cannot_be_a_key_of_a_request_is_refused_at_once(key: str) -> None:
    client = Client("http://127.0.0.1:1")
    with pytest.raises(ServiceError, match="visible ASCII") as caught, client:
        client.outcomes({1: 2.5}, key=key)
    assert caught.value.code == "invalid_input"


def test_the_api_key_is_sent_to_no_other_address() -> None:
    with scripted(FINE) as other, Client("http://127.0.0.1:1", api_key=KEY) as client:
        with pytest.raises(ServiceError, match="begins with /"):
            client.call(f"{other.url}/v1/models", {}, dict)
        assert other.sent == []


def test_the_key_of_the_environment_is_taken_where_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VALUEBOX_API_KEY", KEY)
    with scripted(FINE) as server:
        for given in (None, "", "vbx_other"):
            with Client(server.url, api_key=given) as client:
                client.outcomes({1: 1.0})
    assert [one.headers.get("Authorization") for one in server.sent] == [
        f"Bearer {KEY}",
        None,
        "Bearer vbx_other",
    ]


def test_frames_and_rows_are_sent_as_json_holds_them() -> None:
    frame = pd.DataFrame(
        {
            "user_id": np.array([1, 2], dtype=np.int64),
            "join_date": pd.to_datetime(["2019-08-01 00:00:21", None]),
            "STV": [1.5, np.nan],
            "hidden": pd.array([1, None], dtype="Int64"),
            "country_segment": pd.Categorical(["US", None]),
        },
        index=[7, 9],
    )
    columns = {
        "user_id": [1, 2],
        "join_date": ["2019-08-01T00:00:21", None],
        "STV": [1.5, None],
        "hidden": [1, None],
        "country_segment": ["US", None],
    }
    assert columns_of(frame) == columns
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    assert rows_of(frame) == rows
    assert rows_of(frame.to_dict("records")) == rows
    odd = {"a": np.float32(0.5), "b": Decimal("1.5"), "c": (np.int8(1), float("nan"))}
    assert rows_of([{**odd, "d": datetime(2020, 1, 2, tzinfo=UTC)}]) == [
        {"a": 0.5, "b": 1.5, "c": [1, None], "d": "2020-01-02T00:00:00+00:00"}
    ]
    with pytest.raises(ServiceError, match="two columns are called 'STV'"):
        columns_of(frame.rename(columns={"hidden": "STV"}))
    with pytest.raises(ServiceError, match="cannot be sent as JSON"), Client() as client:
        client.call("/v1/events", [{"a": object()}], dict)


def test_predictions_of_a_frame_keep_its_index_and_tell_what_is_strange() -> None:
    table = {name: [one] for name, one in PREDICTED[0].items() if name != "model"}
    strange = {"X-Valuebox-Warnings": 'The column "stv" is not used: is STV meant?'}
    with (
        scripted(Reply(200, {"model": "ltv:a", **table}, strange)) as server,
        Client(server.url) as client,
        pytest.warns(UserWarning, match="is STV meant"),
    ):
        found = client.predict_bulk(pd.DataFrame([USER], index=[42]))
    assert found.index.tolist() == [42]
    assert found["prediction"].tolist() == [2.5]
    assert found["model"].tolist() == ["ltv:a"]


def test_coroutines_share_an_asynchronous_client() -> None:
    away = Reply(503, refusal("overloaded"), {"Retry-After": "0"})

    async def predict(url: str) -> list[Any]:
        async with AsyncClient(url, api_key=KEY) as client:
            assert KEY not in repr(client)
            return await asyncio.gather(*(client.predict([USER]) for _ in range(5)))

    with scripted(away, away, away, Reply(200, PREDICTED)) as server:
        found = asyncio.run(predict(server.url))
        assert len(server.sent) == 8
    assert [one[0].prediction for one in found] == [2.5] * 5


def test_threads_share_a_client() -> None:
    found = []
    with scripted(Reply(503, b""), FINE) as server, Client(server.url) as client:
        threads = [
            threading.Thread(target=lambda: found.append(client.outcomes({1: 1.0})))
            for _ in range(4)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert [one.added for one in found] == [1] * 4


def test_pages_of_responses_are_followed() -> None:
    stored = {
        "source": "shop",
        "id": "1017",
        "response": "bought",
        "category": None,
        "probability": 0.25,
        "target": None,
        "model": "response:a",
        "prediction_id": "019c2f4e-6a3b-7c1d-9e2f-3a4b5c000000",
        "request_id": "019c2f4e-6a3b-7c1d-9e2f-3a4b5c000001",
        "predicted_at": "2025-10-01T00:00:00Z",
        "start": "2025-10-01T00:00:00Z",
        "end": "2025-10-31T00:00:00Z",
    }
    more = {"predictions": [stored], "next_page": stored["prediction_id"]}
    with (
        scripted(Reply(200, more), Reply(200, {**more, "next_page": None})) as server,
        Client(server.url) as client,
    ):
        found = list(client.response_search_all(responses=["bought"]))
        assert [one.body.get("after") for one in server.sent] == [None, stored["prediction_id"]]
    assert [one.probability for one in found] == [0.25, 0.25]
