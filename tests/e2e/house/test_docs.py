import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.services import Service

from valuebox.compartments.ltv.features import FEATURES
from valuebox.models.contributions import Contributions
from valuebox.serving.errors import STATUS_OF, ErrorAnswer

pytestmark = pytest.mark.sqlite_alone

FACTS = ["/v1/customers", "/v1/events", "/v1/events/raw"]
ROUTES = [
    "/v1/ltv/predict",
    "/v1/ltv/predict/bulk",
    "/v1/ltv/predictions/search",
    "/v1/ltv/outcomes",
    "/v1/ltv/model",
    "/v1/models",
    "/v1/growth/report",
    "/v1/growth/experiment",
    "/v1/growth/uplift",
    "/v1/growth/response",
    "/v1/growth/response/search",
    "/v1/growth/response/model",
    *FACTS,
]


@pytest.fixture(scope="module")
def docs(service: Service) -> dict[str, Any]:
    answer = service.http.get("/docs.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    return answer.json()


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolve(docs: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = docs
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def body_schema(docs: dict[str, Any], route: str) -> dict[str, Any]:
    body = docs["paths"][route]["post"]["requestBody"]["content"]["application/json"]
    return resolve(docs, body["schema"])


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_probes_answer(service: Service, path: str) -> None:
    assert service.http.get(path).status_code == 200


def test_metrics_count_requests(service: Service) -> None:
    service.http.get("/readyz")
    answer = service.http.get("/metrics")
    assert answer.status_code == 200
    assert "# TYPE valuebox_requests_total counter" in answer.text


@pytest.mark.parametrize("path", ["/docs.json", "/schema.json"])
def test_a_document_is_the_same_for_everybody(service: Service, path: str) -> None:
    answers = [service.http.get(path) for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 3
    assert {len(answer.headers.get_list("X-Request-Id")) for answer in answers} == {1}


def test_every_reference_in_the_document_leads_somewhere(docs: dict[str, Any]) -> None:
    found = set(references(docs))
    assert "#/components/schemas/ErrorAnswer" in found
    assert all(reference.startswith("#/") for reference in found)
    for reference in found:
        assert isinstance(resolve(docs, {"$ref": reference}), dict)


@pytest.mark.parametrize("route", ROUTES)
def test_every_endpoint_says_what_its_errors_look_like(docs: dict[str, Any], route: str) -> None:
    responses = docs["paths"][route]["post"]["responses"]
    # At an address that is there, asked by the right method.
    elsewhere = {"404", "405"}
    of_keys = set() if "Idempotency-Key" in str(docs["paths"][route]) else {"409", "410"}
    if route in {"/v1/growth/report", "/v1/growth/experiment", "/v1/growth/uplift"}:
        of_keys = {"410"}
    # Those that take a model, which may not be there.
    if route in {
        "/v1/growth/response",
        "/v1/growth/response/model",
        "/v1/ltv/predict",
        "/v1/ltv/predict/bulk",
        "/v1/ltv/model",
    }:
        elsewhere = {"405"}
    every = {"200", *(str(status.value) for status in STATUS_OF.values())}
    assert set(responses) == every - elsewhere - of_keys
    for status, response in responses.items():
        schema = response["content"]["application/json"]["schema"]
        assert (schema == {"$ref": "#/components/schemas/ErrorAnswer"}) == (status != "200")
        assert response["description"]
        assert "X-Request-Id" in response["headers"]
        assert ("Retry-After" in response["headers"]) == (status in {"429", "503"})
    described = resolve(docs, {"$ref": "#/components/schemas/ErrorAnswer"})
    assert set(described["properties"]) == set(ErrorAnswer.model_fields)


def test_the_document_says_what_may_be_null_and_who_may_ask(docs: dict[str, Any]) -> None:
    page = resolve(docs, {"$ref": "#/components/schemas/PredictionPage"})
    assert {"type": "null"} in page["properties"]["next_page"]["anyOf"]
    assert docs["components"]["securitySchemes"]["API key"]["scheme"] == "bearer"
    assert all(docs["paths"][route]["post"]["security"] for route in ROUTES)
    assert "503" in docs["paths"]["/readyz"]["get"]["responses"]
    stores = {route for route in ROUTES if docs["paths"][route]["post"]["parameters"]}
    assert stores == {
        "/v1/ltv/predict",
        "/v1/ltv/predict/bulk",
        "/v1/ltv/outcomes",
        "/v1/growth/response",
        *FACTS,
    }


def test_the_users_to_send_are_documented_with_examples(docs: dict[str, Any]) -> None:
    users = body_schema(docs, "/v1/ltv/predict")
    assert (users["type"], users["minItems"], users["maxItems"]) == ("array", 1, 10_000)
    user = resolve(docs, users["items"])
    assert user["required"] == ["user_id", "join_date"]
    assert set(user["properties"]) == {
        "user_id",
        "join_date",
        "hidden",
        "STV",
        "credit_card_level",
        "is_lp",
        "aff_type",
        "is_cancelled",
        "country_segment",
        "target",
    }
    for field in user["properties"].values():
        assert field["examples"]
        assert field["description"]


def test_the_documented_example_is_good_input(service: Service, docs: dict[str, Any]) -> None:
    user = resolve(docs, body_schema(docs, "/v1/ltv/predict")["items"])
    example = {name: field["examples"][0] for name, field in user["properties"].items()}
    assert len(service.predict([example])) == 1


@pytest.mark.parametrize(
    "route",
    ["/v1/ltv/predictions/search", "/v1/ltv/outcomes", "/v1/growth/report", *FACTS],
)
def test_other_requests_are_documented_with_examples(docs: dict[str, Any], route: str) -> None:
    schema = body_schema(docs, route)
    one = resolve(docs, schema["items"]) if schema.get("type") == "array" else schema
    assert all(field["examples"] for field in one["properties"].values())


def test_the_model_says_what_it_is(service: Service, model_tag: str) -> None:
    card = service.http.post("/v1/ltv/model", json={}).json()
    assert card["model"] == model_tag
    assert card["kind"] == "ltv"
    assert card["metadata"]["training_users"] > 0
    assert set(card["baseline"]) == {"overall", "by_stv", "by_pair"}
    told = Contributions.model_validate(card["contributions"], extra="forbid")
    assert {one.feature for one in told.features} == set(FEATURES)
    assert len(json.dumps(card["contributions"])) < 10_000
