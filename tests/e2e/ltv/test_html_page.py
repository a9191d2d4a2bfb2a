import json
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser
from support.commands import only_line, valuebox, write_users
from support.looks import READABLE, doubled_landmarks, least_contrast, watch
from support.pages import Page
from support.services import Service

from valuebox_cli.ltv.evaluate import EvaluationReport


def test_the_page_shows_what_the_report_holds(
    service: Service, data_dir: Path, tmp_path: Path, model_tag: str
) -> None:
    html, report = tmp_path / "out.html", tmp_path / "report.json"
    options = ["--url", service.url, "--html", html, "--report", report]
    valuebox("evaluate", data_dir / "valid.csv", *options)
    page = Page(html.read_text(encoding="utf-8"))
    assert page.data() == json.loads(report.read_text())
    figures = EvaluationReport.model_validate_json(report.read_text())
    card = service.http.post("/v1/ltv/model", json={}).json()
    assert page.data()["contributions"] == card["contributions"]
    assert model_tag in page.texts("dd")
    assert f"{figures.cohorts.day.macro:.3f}" in page.texts("dd")
    in_order = [row.country_segment for row in figures.cohorts.day.segments]
    picked = [option.attributes.get("value") for option in page.all("option")]
    assert picked[: len(in_order)] == in_order
    assert all("src" not in one.attributes for one in page.elements)


def test_a_hostile_segment_comes_through_as_text(
    service: Service, data_dir: Path, tmp_path: Path
) -> None:
    name = "</script><img src=x onerror=alert(1)>"
    users = pd.read_csv(data_dir / "valid.csv").head(50).assign(country_segment=name)
    html = tmp_path / "out.html"
    file = write_users(tmp_path / "users.csv", users)
    valuebox("evaluate", file, "--url", service.url, "--html", html)
    page = Page(html.read_text(encoding="utf-8"))
    assert page.all("img") == []
    assert page.all("option")[0].attributes["value"] == name


def test_the_page_asks_nobody_and_can_be_read_everywhere(
    service: Service, data_dir: Path, tmp_path: Path, browser: Browser
) -> None:
    users = pd.read_csv(data_dir / "valid.csv").assign(country_segment=lambda all_: [
        "U\u202eS" if one == "US" else one for one in all_["country_segment"]
    ])  # fmt: skip
    html = tmp_path / "out.html"
    file = write_users(tmp_path / "users.csv", users)
    valuebox("evaluate", file, "--url", service.url, "--html", html)
    for width, scheme in ((390, "light"), (1200, "dark"), (2200, "light")):
        page = browser.new_page(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        wrong = watch(page, html.as_uri())
        page.goto(html.as_uri())
        for details in page.locator("summary").all():
            details.click()
        page.locator("#segment").select_option(index=1)
        assert wrong == []
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        assert doubled_landmarks(page) == []
        assert least_contrast(page, "h1, h2, h3, th, td, p, dt, dd, label, summary") >= READABLE
        page.locator("#segment").select_option(index=0)
        assert "U⟨U+202E⟩S, by join day" in page.locator("#cohort-table caption").inner_text()
        page.close()


@pytest.mark.parametrize("target", [None, "NA"])
def test_a_file_without_target_is_refused_before_anything_is_sent(
    service: Service, data_dir: Path, tmp_path: Path, target: str | None
) -> None:
    before = service.count_rows()
    users = pd.read_csv(data_dir / "test.csv").head(20)
    file = write_users(tmp_path / "a.csv", users.assign(target=target) if target else users)
    html = tmp_path / "out.html"
    _, said = valuebox("evaluate", file, "--url", service.url, "--html", html, exit_code=2)
    assert "has no target" in only_line(said)
    assert "--html" in said
    assert not html.exists()
    assert service.count_rows() == before


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_sent(
    service: Service, data_dir: Path, tmp_path: Path
) -> None:
    before = service.count_rows()
    html = tmp_path / "no such folder" / "out.html"
    options = ["--url", service.url, "--html", html]
    _, said = valuebox("evaluate", data_dir / "valid.csv", *options, exit_code=2)
    assert "cannot be written" in only_line(said)
    assert service.count_rows() == before
