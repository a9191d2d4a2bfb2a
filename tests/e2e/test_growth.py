"""The growth report over HTTP, and its page from the same database."""

from pathlib import Path
from uuid import uuid4

import pytest
from support.commands import valuebox
from support.facts import customer, event
from support.pages import Page
from support.services import Service

from valuebox.growth.report import GrowthReport

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
