import json
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser
from support.browser import as_new
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


@pytest.fixture(scope="module")
def html(service: Service, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of users of whom some are in a segment with a hidden character."""
    folder = tmp_path_factory.mktemp("page")
    users = pd.read_csv(data_dir / "valid.csv").assign(country_segment=lambda all_: [
        "U\u202eS" if one == "US" else one for one in all_["country_segment"]
    ])  # fmt: skip
    file = write_users(folder / "users.csv", users)
    valuebox("evaluate", file, "--url", service.url, "--html", folder / "out.html")
    return folder / "out.html"


# The page is made of the report, whatever the service stores in.
ONCE = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


@ONCE
def test_the_page_asks_nobody_and_can_be_read_everywhere(html: Path, browser: Browser) -> None:
    page = browser.new_page()
    for width, scheme in ((390, "light"), (1200, "dark"), (2200, "light")):
        as_new(page).set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        wrong = watch(page, html.as_uri())
        page.goto(html.as_uri())
        page.locator("summary").evaluate_all("(all) => all.forEach((one) => one.click())")
        page.locator("#segment").select_option(index=1)
        assert wrong == []
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        assert doubled_landmarks(page) == []
        texts = "h1, h2, h3, th, td, p, dt, dd, label, summary, output"
        assert least_contrast(page, texts) >= READABLE
        page.locator("#segment").select_option(index=0)
        assert "U⟨U+202E⟩S, by join day" in page.locator("#cohort-table caption").inner_text()
    page.close()


@ONCE
def test_cohorts_are_read_by_keys_and_looked_at_closer(html: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(html.as_uri())
    cohorts = Page(html.read_text(encoding="utf-8")).data()["cohorts"]["day"]["cohorts"]
    segment = page.locator("#segment").input_value()
    first = next(one for one in cohorts if one["country_segment"] == segment)
    chart, marks = page.locator("#over-time"), page.locator("#over-time g")
    readout, rows = page.locator("#readout"), page.locator("#cohort-table tbody tr")
    days = marks.count()
    chart.focus()
    page.keyboard.press("ArrowRight")
    assert f"{first['predicted']:.3f} predicted" in readout.inner_text()
    assert f"{first['actual']:.3f} actual, {first['users']:,} users" in readout.inner_text()
    assert marks.first.locator("title").text_content() == readout.inner_text()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 90, steps=3)
    page.mouse.up()
    closer = marks.count()
    assert 1 < closer < days / 2
    assert rows.count() == closer
    page.get_by_role("button", name="Show all").click()
    assert marks.count() == days
    last = page.locator("#to").input_value()
    page.locator("#from").fill(last)
    assert marks.count() == 1
    page.locator("#period").select_option("month")
    page.keyboard.press("Tab")
    assert rows.locator("th").all_text_contents() == [last[:7]]
    page.close()


@ONCE
def test_without_scripts_only_the_cohorts_are_missing(html: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(html.as_uri())
    assert page.get_by_text("need JavaScript").is_visible()
    assert not page.locator("#segment").is_visible()
    assert page.get_by_role("img", name="every decile").is_visible()
    features = page.locator("[data-of=feature]")
    assert features.count() > 5
    assert all(one.is_visible() for one in features.all())
    context.close()


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
