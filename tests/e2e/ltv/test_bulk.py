"""The bulk endpoint: the same as one by one, by column."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select
from support.footprint import unharmed
from support.services import Service
from support.users import user, users

from valuebox.compartments.ltv.bulk import MAX_ROWS
from valuebox.compartments.ltv.tables import LtvFeatures
from valuebox.serving.errors import ErrorAnswer

PREDICT, BULK = "/v1/ltv/predict", "/v1/ltv/predict/bulk"
ANSWERED = ("user_id", "prediction", "lower", "upper")


def table(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """The same users by column."""
    names = {name: None for row in rows for name in row}
    return {name: [row.get(name) for row in rows] for name in names}


def send(service: Service, body: object, **headers: str) -> httpx.Response:
    return service.http.post(BULK, json=body, headers=headers)


def stored(service: Service, answer: httpx.Response) -> list[dict[str, Any]]:
    search = {"request_id": answer.headers["X-Request-Id"], "page_size": 10_000}
    page = service.http.post("/v1/ltv/predictions/search", json=search).json()
    return page["predictions"][::-1]


@pytest.mark.parametrize("count", [1, 99, 100, 350])
def test_users_are_answered_and_stored_as_they_are_one_by_one(service: Service, count: int) -> None:
    sent = users(count, missing=0.3, seed=count)
    singly, together = service.http.post(PREDICT, json=sent), send(service, table(sent))
    assert together.status_code == 200, together.text
    answer = together.json()
    columns = zip(*(answer[name] for name in ANSWERED), strict=True)
    rows = [dict(zip(ANSWERED, row, strict=True)) for row in columns]
    assert rows == [{name: one[name] for name in ANSWERED} for one in singly.json()]
    assert {one["model"] for one in singly.json()} == {answer["model"]}
    found = stored(service, together)
    assert [one["prediction_id"] for one in found] == answer["prediction_id"]
    of_request = ("prediction_id", "request_id", "predicted_at")
    assert [{**one, **dict.fromkeys(of_request)} for one in found] == [
        {**one, **dict.fromkeys(of_request)} for one in stored(service, singly)
    ]


def test_columns_that_are_not_known_and_outcomes_are_kept(service: Service) -> None:
    sent = table([user(31_001, target=5.5), user(31_002), user(31_003, target=-1.0)])
    sent["campaign"] = ["a", None, {"b": [1]}]
    answer = send(service, sent)
    assert answer.status_code == 200, answer.text
    assert [one["target"] for one in stored(service, answer)] == [5.5, None, -1.0]
    with service.store.reading() as session:
        extra = select(LtvFeatures.extra).order_by(LtvFeatures.id)
        request_id = UUID(answer.headers["X-Request-Id"])
        found = session.scalars(extra.where(LtvFeatures.request_id == request_id)).all()
    assert found == [{"campaign": "a"}, {"campaign": None}, {"campaign": {"b": [1]}}]


def test_a_key_answers_alike_and_stores_once(service: Service) -> None:
    key, body = uuid4().hex, table(users(300, missing=0.2))
    first = send(service, body, **{"Idempotency-Key": key})
    before = service.count_rows()
    again = send(service, body, **{"Idempotency-Key": key})
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    other = send(service, table(users(300, seed=9)), **{"Idempotency-Key": key})
    assert other.json()["error"]["code"] == "key_reused"
    assert service.count_rows() == before


GOOD = table([user(1), user(2), user(3)])


@pytest.mark.parametrize(
    ("changed", "row", "field"),
    [
        ({"STV": [1.0, -1.0, 2.0]}, 1, "STV"),
        ({"STV": [1.0, "2.0", 2.0]}, 1, "STV"),
        ({"hidden": [0, 1, 7]}, 2, "hidden"),
        ({"join_date": ["2019-08-01", "2019-08-02", "never"]}, 2, "join_date"),
        ({"join_date": ["2019-08-01", "2019-08-02", None]}, 2, "join_date"),
        ({"user_id": [1, 2, -3]}, 2, "user_id"),
        ({"aff_type": ["x" * 101, None, None]}, 0, "aff_type"),
        ({"aff_type": ["a\0b", None, None]}, 0, "aff_type"),
        ({"STV": [1.0, 2.0]}, None, "STV"),
        ({"STV": [1.0] * 4}, None, "STV"),
        ({"STV": 1.0}, None, "STV"),
        ({"join_date": []}, None, "join_date"),
        ({"user_id": []}, None, "user_id"),
        ({"user_id": None}, None, "user_id"),
        ({"campaign": ["only one"]}, None, None),
        ({"campaign": "everywhere"}, None, "campaign"),
        ({"campaign": ["a", "b\0", "c"]}, None, "campaign"),
        ({"bad\0name": [1, 2, 3]}, None, None),
    ],
)
@pytest.mark.sqlite_alone
def test_what_cannot_be_used_is_named_and_nothing_is_stored(
    service: Service, changed: dict[str, Any], row: int | None, field: str | None
) -> None:
    with unharmed(service):
        answer = send(service, {**GOOD, **changed})
    error = ErrorAnswer.model_validate_json(answer.content).error
    assert (answer.status_code, error.code) == (400, "invalid_input")
    assert (error.problems[0].row, error.problems[0].field) == (row, field)


@pytest.mark.parametrize(
    ("twice", "row", "field"),
    [
        (b'"STV": [1], "STV": [2]', None, "STV"),
        (b'"STV" : [1], "STV":[2]', None, "STV"),
        (b'"STV": [1], "\\u0053TV": [2]', None, "STV"),
        (b'"x": [{"y": 1, "y": 2}]', 0, "x.y"),
    ],
)
@pytest.mark.sqlite_alone
def test_a_column_named_twice_is_refused(
    service: Service, twice: bytes, row: int | None, field: str
) -> None:
    body = b'{"user_id": [1], "join_date": ["2019-08-01"], ' + twice + b"}"
    answer = service.http.post(BULK, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    problem = ErrorAnswer.model_validate_json(answer.content).error.problems[0]
    assert (problem.row, problem.field) == (row, field)


@pytest.mark.parametrize("body", [[], [user(1)], {}, "user_id", {"user_id": [1]}])
@pytest.mark.sqlite_alone
def test_what_is_no_table_is_refused(service: Service, body: object) -> None:
    with unharmed(service):
        assert send(service, body).status_code == 400


@pytest.mark.sqlite_alone
def test_a_hundred_thousand_users_and_no_more(service: Service) -> None:
    body: dict[str, Any] = {
        "user_id": list(range(MAX_ROWS)),
        "join_date": ["2019-08-01"] * MAX_ROWS,
        "country_segment": ["US", "RU"] * (MAX_ROWS // 2),
    }
    before = service.count_rows()["ltv_predictions"]
    answer = send(service, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["user_id"] == body["user_id"]
    assert len(set(answer.json()["prediction_id"])) == MAX_ROWS
    assert service.count_rows()["ltv_predictions"] == before + MAX_ROWS
    more = {name: [*values, values[0]] for name, values in body.items()}
    with unharmed(service):
        refused = send(service, more)
    assert refused.status_code == 400
    assert json.loads(refused.content)["error"]["problems"][0]["field"] == "user_id"


@pytest.mark.parametrize("path", [PREDICT, BULK])
@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.sqlite_alone
def test_a_field_that_is_called_nearly_right_is_told(
    service: Service, path: str, count: int
) -> None:
    sent = users(count, seed=count)
    for one in sent:
        one["stv"] = one.pop("STV")
    body, key = (table(sent) if path == BULK else sent), {"Idempotency-Key": uuid4().hex}
    first = service.http.post(path, json=body, headers=key)
    told = [
        'The column "stv" is not used: is STV meant?',
        "No column is called STV: it is taken as missing for every user.",
    ]
    for answer in (first, service.http.post(path, json=body, headers=key)):
        assert answer.status_code == 200, answer.text
        assert answer.headers["X-Valuebox-Warnings"] == " ".join(told)
        assert answer.content == first.content
    if path == BULK:
        assert first.json()["warnings"] == told
    else:
        assert len(first.json()) == count


@pytest.mark.parametrize("path", [PREDICT, BULK])
@pytest.mark.sqlite_alone
def test_a_row_that_is_too_large_is_refused(service: Service, path: str) -> None:
    sent = [one | {"note": "short", "page": ""} for one in users(30)]
    sent[17]["page"] = "x" * 3_000_000
    before = service.count_rows()
    answer = service.http.post(path, json=table(sent) if path == BULK else sent)
    assert answer.status_code == 400
    (problem,) = answer.json()["error"]["problems"]
    assert (problem["row"], problem["field"]) == (17, "page")
    assert "at most 65536 bytes" in problem["message"]
    assert service.count_rows() == before


@pytest.mark.parametrize("path", [PREDICT, BULK])
@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.sqlite_alone
def test_amounts_beyond_what_the_model_has_learned_from_are_told(
    service: Service, path: str, count: int
) -> None:
    sent = users(count, seed=count)
    sent[1]["STV"], sent[2]["STV"] = 1_000.0, 1_000_000.0
    answer = service.http.post(path, json=table(sent) if path == BULK else sent)
    learned = service.http.post("/v1/ltv/model", json={}).json()["paid"]
    told = (
        f"The model has learned from STV between {learned['lowest']:.6g} and "
        f"{learned['highest']:.6g}; that of 2 users, the first one in row 1 is outside, where "
        "less is known."
    )
    assert answer.headers["X-Valuebox-Warnings"] == told
    found = answer.json()
    if path == BULK:
        assert found["warnings"] == [told]
        predictions = found["prediction"]
    else:
        predictions = [one["prediction"] for one in found]
    assert predictions[1] >= 1_000
    assert predictions[2] >= 1_000_000


@pytest.mark.parametrize("path", [PREDICT, BULK])
@pytest.mark.sqlite_alone
def test_nothing_is_told_where_every_field_is_there(service: Service, path: str) -> None:
    sent = users(30, missing=0.3)
    answer = service.http.post(path, json=table(sent) if path == BULK else sent)
    assert "X-Valuebox-Warnings" not in answer.headers
    assert path == PREDICT or "warnings" not in answer.json()
    # What one user lacks, another may have.
    assert not service.http.post(PREDICT, json=[*sent, {**sent[0], "STV": None}]).headers.get(
        "X-Valuebox-Warnings"
    )


@pytest.mark.sqlite_alone
def test_hostile_names_stay_within_the_header(service: Service) -> None:
    names = [f"s{mark}tv\r\nX-Evil: 1" for mark in "-_. "] + [
        f"{'-' * n}STV\u202e" for n in range(30)
    ]
    answer = service.http.post(
        PREDICT, json=[{"user_id": 1, "join_date": "2019-08-01"} | dict.fromkeys(names, 1)]
    )
    assert answer.status_code == 200, answer.text
    told = answer.headers["X-Valuebox-Warnings"]
    assert told.isascii()
    assert told.count("is STV meant?") == 10
    assert len(told) < 2_000
    assert "X-Evil" not in answer.headers
