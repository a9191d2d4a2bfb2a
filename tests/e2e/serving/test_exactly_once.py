"""Requests with an `Idempotency-Key`, over HTTP and on both databases."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import httpx
import pytest
from support.services import Service
from support.users import user, users

PREDICT, OUTCOMES = "/v1/ltv/predict", "/v1/ltv/outcomes"


def send(service: Service, key: str, body: object, path: str = PREDICT) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return service.http.post(path, content=content, headers=headers)


def error_code(answer: httpx.Response) -> str:
    return answer.json()["error"]["code"]


def test_the_same_key_and_body_are_stored_once_and_answered_alike(service: Service) -> None:
    key, body = uuid4().hex, users(300, missing=0.3, seed=1)
    first = send(service, key, body)
    assert first.status_code == 200
    assert "Idempotent-Replayed" not in first.headers
    before = service.count_rows()
    for _ in range(3):
        again = send(service, key, body)
        assert again.content == first.content
        assert again.headers["X-Request-Id"] == first.headers["X-Request-Id"]
        assert again.headers["Idempotent-Replayed"] == "true"
    assert service.count_rows() == before


def test_without_a_key_a_request_is_stored_every_time(service: Service) -> None:
    before = service.count_rows()["ltv_features"]
    service.predict([user()])
    service.predict([user()])
    assert service.count_rows()["ltv_features"] == before + 2


def test_other_keys_are_other_requests(service: Service) -> None:
    before = service.count_rows()["ltv_features"]
    answers = [send(service, uuid4().hex, [user()]) for _ in range(3)]
    assert len({answer.json()[0]["prediction_id"] for answer in answers}) == 3
    assert service.count_rows()["ltv_features"] == before + 3


@pytest.mark.parametrize(
    ("path", "body"),
    [(PREDICT, [user(2)]), (OUTCOMES, [{"user_id": 1, "target": 2.0}]), (PREDICT, [user(1)] * 2)],
)
def test_the_same_key_with_something_else_is_refused(
    service: Service, path: str, body: object
) -> None:
    key = uuid4().hex
    first = send(service, key, [user(1)])
    before = service.count_rows()
    refused = send(service, key, body, path)
    assert (refused.status_code, error_code(refused)) == (409, "key_reused")
    assert refused.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert service.count_rows() == before
    assert send(service, key, [user(1)]).content == first.content


def test_outcomes_answer_as_they_did_when_they_were_new(service: Service) -> None:
    key, first_id = uuid4().hex, uuid4().int % 2**60
    body = [{"user_id": first_id + n, "target": 1.5} for n in range(5)]
    first = send(service, key, body, OUTCOMES)
    assert first.json() == {"received": 5, "added": 5, "corrected": 0, "unchanged": 0}
    other = [{"user_id": first_id, "target": 9.0}]
    assert service.http.post(OUTCOMES, json=other).json()["corrected"] == 1
    again = send(service, key, body, OUTCOMES)
    assert again.content == first.content
    # Not stored again: that would have undone the correction.
    assert service.http.post(OUTCOMES, json=other).json()["unchanged"] == 1


def test_a_refused_request_leaves_its_key_free(service: Service) -> None:
    key = uuid4().hex
    refused = send(service, key, [user(STV=-1)])
    assert (refused.status_code, error_code(refused)) == (400, "invalid_input")
    assert send(service, key, b"[{]").status_code == 400
    assert send(service, key, [user()]).status_code == 200


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 201, "tab\there"])
def test_keys_that_cannot_be_used_are_refused(service: Service, key: str) -> None:
    before = service.count_rows()
    refused = service.http.post(
        PREDICT, json=[user()], headers={"Idempotency-Key": key.encode("latin-1")}
    )
    assert (refused.status_code, error_code(refused)) == (400, "invalid_input")
    assert refused.json()["error"]["problems"][0]["field"] == "Idempotency-Key"
    assert service.count_rows() == before


def test_a_key_is_sent_once(service: Service) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    refused = service.http.post(PREDICT, json=[user()], headers=headers)
    assert (refused.status_code, error_code(refused)) == (400, "invalid_input")


@pytest.mark.parametrize("key", ["x" * 200, "'; DROP TABLE ltv_features; --".replace(" ", "_")])
def test_any_visible_text_is_a_key(service: Service, key: str) -> None:
    key = key[: 200 - 32] + uuid4().hex
    assert send(service, key, [user()]).content == send(service, key, [user()]).content


def test_64_clients_racing_on_one_key_get_one_answer(service: Service) -> None:
    key, body = uuid4().hex, users(40, seed=3)
    before = service.count_rows()
    start = Barrier(64)

    def race() -> httpx.Response:
        with httpx.Client(base_url=service.url, timeout=60) as http:
            http.get("/livez")
            start.wait()
            return http.post(PREDICT, json=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: race(), range(64)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    after = service.count_rows()
    assert after["ltv_features"] == before["ltv_features"] + 40
    assert after["ltv_predictions"] == before["ltv_predictions"] + 40
