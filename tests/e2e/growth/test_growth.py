"""The growth report over HTTP, and its page from the same database."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from support.commands import valuebox
from support.facts import customer, event
from support.pages import Page
from support.services import Service

from valuebox.compartments.growth.report import GrowthReport

pytestmark = pytest.mark.sqlite_alone

REPORT = "/v1/growth/report"


@pytest.fixture(scope="module")
def source(service: Service) -> str:
    """Where a few customers are known from."""
    name = uuid4().hex
    people = [
        customer(f"c{n}", source=name, attributes={"campaign": "<b>" if n % 2 else "FB"})
        for n in range(7)
    ]
    happened = [event(f"{n}", source=name) for n in range(300)]
    for path, body in (("/v1/customers", people), ("/v1/events", happened)):
        assert service.http.post(path, json=body).status_code == 200
    return name


def test_the_endpoint_and_the_page_say_the_same(
    service: Service, source: str, tmp_path: Path
) -> None:
    answer = service.http.post(REPORT, json={"sources": [source]})
    assert answer.status_code == 200, answer.text
    found = GrowthReport.model_validate_json(answer.content)
    assert {one.name: one.count for one in found.users} == {"FB": 4, "<b>": 3}
    assert found.profits.total == pytest.approx(300 * 9.5)
    assert found.left_out["comparison"] == "no baseline was named"
    html = tmp_path / "growth.html"
    valuebox(
        *("growth", "report", "--source", source, "--html", html),
        *("--database-url", service.database_url),
    )
    page = Page(html.read_text(encoding="utf-8"))
    assert page.data() == answer.json()
    assert page.all("b") == []


def test_amounts_that_cannot_be_added_have_no_report(service: Service, source: str) -> None:
    other = event(f"{source}-euro", source=f"{source}-euro", currency="EUR")
    assert service.http.post("/v1/events", json=[other]).status_code == 200
    asked = {"sources": [source, f"{source}-euro"]}
    answer = service.http.post(REPORT, json=asked)
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "unanswerable"
    assert error["message"] == "Amounts come in EUR, USD; say which currency is meant."
    answer = service.http.post(REPORT, json={**asked, "currency": "EUR"})
    assert answer.json()["profits"]["total"] == 9.5


@pytest.fixture(scope="module")
def experiment(service: Service) -> str:
    """Where the customers of an experiment are known from: 60 in each arm, of whom 6 and 30 buy."""
    name = uuid4().hex
    people = [customer(f"c{n}", source=name, attributes={"arm": "AB"[n % 2]}) for n in range(120)]
    bought = [
        event(f"{n}", source=name, customer=f"c{n}")
        for n in range(120)
        if n < (60 if n % 2 else 12)
    ]
    last = event("last", source=name, customer=None, time="2013-07-01T00:00:00Z", type="closed")
    for path, body in (("/v1/customers", people), ("/v1/events", [*bought, last])):
        assert service.http.post(path, json=body).status_code == 200
    return name


def test_an_experiment_is_the_same_by_command_and_over_http(
    service: Service, experiment: str
) -> None:
    asked = {"sources": [experiment], "attribute": "arm", "control": "A"}
    answer = service.http.post("/v1/growth/experiment", json=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    (bought, _) = found["effects"]
    assert (bought["control"], bought["each"], bought["is_real"]) == (0.1, 0.5, True)
    output, _ = valuebox(
        *("growth", "experiment", "--source", experiment, "--arm", "arm", "--control", "A"),
        *("--json", "--database-url", service.database_url),
    )
    assert json.loads(output) == found
    told, _ = valuebox(
        *("growth", "experiment", "--source", experiment, "--arm", "arm", "--control", "A"),
        *("--database-url", service.database_url),
    )
    assert "+400%" in told
    assert found["verdict"] in told


def test_what_is_no_experiment_is_refused(service: Service, experiment: str) -> None:
    asked = {"sources": [experiment], "attribute": "arm", "control": "C"}
    answer = service.http.post("/v1/growth/experiment", json=asked)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "unanswerable"
    unclear: tuple[tuple[dict[str, object], str], ...] = (
        (
            {"exposure_property": "arm"},
            "Name either an attribute of customers or a property of the exposure",
        ),
        (
            {"attribute": None},
            "Name either an attribute of customers or a property of the exposure",
        ),
        ({"attribute": None, "exposure_property": "arm"}, "A property that holds the arm needs"),
        ({"metrics": [{"type": "bought"}, {"type": "bought", "cap": 99}]}, "named twice"),
    )
    for more, said in unclear:
        answer = service.http.post("/v1/growth/experiment", json={**asked, "control": "A", **more})
        assert answer.status_code == 409
        assert said in answer.json()["error"]["message"]
    answer = service.http.post("/v1/growth/experiment", json={"attribute": "arm"})
    assert answer.status_code == 400
    options = ("--source", experiment, "--arm", "arm", "--database-url", service.database_url)
    refused = (
        (("--control", "C"), "nobody is in the control C"),
        (("--control", "A", "--metric", "bougth"), "no events of the type bougth"),
        (("--control", "A", "--metric", "bought:amount:most"), "a percentile is a number"),
        (("--control", "A", "--metric", "bought:amount:20"), "cap"),
        (("--control", "A", "--share", "A"), "--share takes a name and an amount"),
    )
    for words, said in refused:
        _, error = valuebox("growth", "experiment", *options, *words, exit_code=2)
        assert said in error
