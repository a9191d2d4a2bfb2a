"""From generated campaigns to predicted responses over HTTP, and what came true."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.campaigns import Imported
from support.commands import valuebox
from support.databases import copied_database
from support.services import Service, eventually, running

from valuebox import Client

RESPONSE = "/v1/growth/response"


@pytest.mark.slow("training/valuebox_training/response", "cli/valuebox_cli/response")
def test_responses_are_predicted_stored_and_evaluated(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    imported_campaigns: Imported,
    campaign_model: str,
    model_tag: str,
) -> None:
    url = copied_database(request, imported_campaigns.url("sqlite"), tmp_path)
    database = ("--database-url", url)
    tag = campaign_model
    report = tmp_path / "report.json"
    asked = ("--source", "workshop-2", "--from", "2025-10-01", "--report", report)
    valuebox("growth", "evaluate", tag, *asked, *database)
    judged = json.loads(report.read_text())["responses"][0]

    settings = {"VALUEBOX_MODEL": model_tag, "VALUEBOX_RESPONSE_MODEL": tag}
    with running(url, tmp_path, settings) as service:
        # Those who joined before October have the lowest ids.
        customers = [{"source": "workshop-2", "id": str(n)} for n in range(800, 0, -1)]
        body = {"customers": customers, "at": "2025-10-01"}
        key = {"Idempotency-Key": "once"}
        answer = service.http.post(RESPONSE, json=body, headers=key)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["model"], found["end"]) == (tag, "2025-10-31T00:00:00Z")
        assert [one["id"] for one in found["customers"]] == [one["id"] for one in customers]
        there = found["customers"][-json.loads(report.read_text())["customers"] :]
        chances = [one["responses"][judged["response"]] for one in there]
        expected = sum(one["any"] for one in chances)
        assert np.isclose(expected, judged["expected"], rtol=1e-4)
        assert all(one["any"] >= max(one["by_category"].values()) for one in chances)
        again = service.http.post(RESPONSE, json=body, headers=key)
        assert (again.content, again.headers["Idempotent-Replayed"]) == (answer.content, "true")
        output, _ = valuebox("users", "export", "7", "--source", "workshop-2", *database)
        stored = [json.loads(line) for line in output.splitlines()]
        assert sum(one.get("model") == tag for one in stored) == 24
        (seen,) = (one["known"] for one in stored if one["table"] == "response_features")
        assert seen["days known"] > 0
        search = {"customers": [customers[-7]], "responses": ["like"], "categories": [None]}
        (one,) = service.http.post(f"{RESPONSE}/search", json=search).json()["predictions"]
        assert (one["id"], one["model"]) == ("7", tag)
        assert one["probability"] == found["customers"][-7]["responses"]["like"]["any"]
        assert one["request_id"] == answer.headers["X-Request-Id"]
        # The month was over long ago: workers judge it, by the events that are stored.
        with Client(service.url) as client:
            whole = {"responses": [judged["response"]], "categories": [None], "page_size": 1_000}

            def told() -> dict[str, float | None]:
                return {one.id: one.target for one in client.response_search(**whole).predictions}

            eventually(lambda: None not in told().values())
            targets = told()
            assert len(targets) == 800
            assert sum(targets[one["id"]] or 0 for one in there) == judged["responders"]
            assert client.response_model().model == tag
        card = service.http.post(f"{RESPONSE}/model", json={}).json()
        assert (card["model"], card["days"], card["category"]) == (tag, 30, "category")
        assert (
            sum(card["reference"]["numbers"]["days known"]["users"])
            == card["metadata"]["learned"]["customers"]
        )
        strangers = {"customers": [customers[0], {"source": "workshop-2", "id": "strange"}]}
        refused = service.http.post(RESPONSE, json=strangers)
        assert (refused.status_code, refused.json()["error"]["problems"][0]["row"]) == (409, 1)
        assert "strange" not in refused.text
        twice = service.http.post(RESPONSE, json={"customers": [customers[0]] * 2})
        assert twice.status_code == 400


def test_without_a_model_it_is_said_how_to_make_one(service: Service) -> None:
    bodies = {RESPONSE: {"customers": [{"source": "a", "id": "b"}]}, f"{RESPONSE}/model": {}}
    for path, body in bodies.items():
        answer = service.http.post(path, json=body)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"
        assert "valuebox growth train" in answer.json()["error"]["message"]
    found = service.http.post(f"{RESPONSE}/search", json={}).json()
    assert found == {"predictions": [], "next_page": None}
