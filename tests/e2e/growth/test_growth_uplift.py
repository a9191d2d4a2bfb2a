"""Uplift by command and over HTTP, and odd questions of experiments."""

import json
from uuid import uuid4

import numpy as np
import pytest
from support.commands import valuebox
from support.facts import customer, event
from support.services import Service

pytestmark = pytest.mark.sqlite_alone

EACH = 500
"""Customers of each arm: A, B (which changes what the north does) and C (which changes nothing)."""


@pytest.fixture(scope="module")
def trial(service: Service) -> str:
    """Where the customers of an experiment are known from."""
    name, rng = uuid4().hex, np.random.default_rng(5)
    people, bought = [], []
    for n in range(3 * EACH):
        arm, north = "ABC"[n % 3], bool(rng.integers(2))
        about = {"arm": arm, "region": "north" if north else "south", "half": "ab"[n % 3 > 0]}
        people.append(customer(f"c{n}", source=name, attributes=about))
        if rng.random() < 0.1 + 0.6 * (arm == "B" and north):
            bought.append(event(f"{n}", source=name, customer=f"c{n}"))
    last = event("last", source=name, customer=None, time="2013-07-01T00:00:00Z", type="closed")
    for path, body in (("/v1/customers", people), ("/v1/events", [*bought, last])):
        assert service.http.post(path, json=body).status_code == 200
    return name


def test_uplift_is_the_same_by_command_and_over_http(service: Service, trial: str) -> None:
    asked = {"sources": [trial], "attribute": "arm", "control": "A", "treated": "B"}
    answer = service.http.post("/v1/growth/uplift", json={**asked, "metrics": [{"type": "bought"}]})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["is_proven"]
    assert found["told_by_arm"] == ["half"]
    first, last = found["parts"][0], found["parts"][-1]
    assert first["effect"] == pytest.approx(0.6, abs=0.2)
    assert last["effect"] == pytest.approx(0, abs=0.2)
    assert found["effect"] == pytest.approx(0.3, abs=0.1)
    assert 0 < found["effect_lower"] < found["effect"] < found["effect_upper"]
    options = ("--source", trial, "--arm", "arm", "--control", "A")
    options += ("--database-url", service.database_url)
    output, _ = valuebox("growth", "uplift", *options, "--treated", "B", "--json")
    assert json.loads(output) == found
    told, _ = valuebox("growth", "uplift", *options, "--treated", "B")
    assert "left out, because the arms differ in it: half" in told
    assert found["verdict"] in told
    nothing, _ = valuebox("growth", "uplift", *options, "--treated", "C")
    assert "Nothing is proven of on whom C has more effect" in nothing


def test_uplift_that_cannot_be_learned_is_refused(service: Service, trial: str) -> None:
    options = ("--source", trial, "--arm", "arm", "--control", "A")
    options += ("--database-url", service.database_url)
    unequal = [word for one in ("A=0.5", "B=0.25", "C=0.25") for word in ("--share", one)]
    for words, said in (
        (unequal, "the arms are not as large as meant"),
        ((), "name the treated arm: B, C"),
        (("--treated", "D"), "nobody is in the arm D; there are B, C"),
        (("--treated", "B", "--metric", "bougth"), "no events of the type bougth"),
        (("--treated", "B", "--horizon", "100"), "fewer than 200 customers"),
    ):
        _, error = valuebox("growth", "uplift", *options, *words, exit_code=2)
        assert said in error
    asked = {"sources": [trial], "attribute": "arm", "control": "A", "treated": "D"}
    answer = service.http.post("/v1/growth/uplift", json=asked)
    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "Nobody is in the arm D; there are B, C."


@pytest.mark.parametrize("path", ["/v1/growth/experiment", "/v1/growth/uplift"])
def test_odd_questions_are_refused_in_the_one_shape(
    service: Service, trial: str, path: str
) -> None:
    plain = {"sources": [trial], "attribute": "arm", "control": "A"}
    odd: list[object] = [
        None, [], "arm", 7, {}, {"control": None}, {"control": ""}, {"control": "A" * 201},
        {"control": 1}, {"attribute": '"'}, {"attribute": ""}, {"attribute": ["arm"]},
        {"metrics": []}, {"metrics": [{}]}, {"metrics": {"type": "bought"}},
        {"metrics": [{"type": "bought", "measure": "mean"}]},
        {"metrics": [{"type": "bought", "cap": 100}]}, {"metrics": [{"type": "bought"}] * 9},
        {"metrics": [{"type": "bought", "cap": 1e400}]},
        {"horizon_days": 0}, {"horizon_days": 1.5}, {"horizon_days": "30"}, {"horizon_days": True},
        {"horizon_days": 10**30}, {"pre_days": -1}, {"shares": {"A": 0}}, {"shares": {"A": 2}},
        {"shares": {"A": "half"}}, {"shares": [0.5]}, {"shares": {"A": 0.5, "Z": 0.5}},
        {"start": "2013-02-30"}, {"start": 1}, {"start": "2013-06-01", "end": "2013-05-01"},
        {"end": "1900-01-01"}, {"timezone": "Mars/Base"}, {"timezone": 1}, {"timezone": None},
        {"timezone": ["UTC"]}, {"currency": "usd "}, {"sources": []}, {"sources": "shop"},
        {"unknown": 1}, {"exposure": ""}, {"exposure": "never"}, {"exposure_property": "arm"},
        {"start": "2199-12-31T23:59:59Z", "timezone": "Pacific/Kiritimati"},
        {"end": "1970-01-01", "timezone": "Pacific/Kiritimati"},
    ]  # fmt: skip
    for body in odd:
        whole = {**plain, **body} if isinstance(body, dict) and body else body
        answer = service.http.post(
            path, content=json.dumps(whole), headers={"Content-Type": "application/json"}
        )
        assert 400 <= answer.status_code < 500, (body, answer.text)
        assert answer.json()["error"].keys() >= {"code", "message"}, (body, answer.text)
