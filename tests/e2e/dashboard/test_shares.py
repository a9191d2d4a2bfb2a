"""Predicted responses that have come true, on the dashboard of a running service, in a browser."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from support.browser import as_new
from support.databases import migrated_sqlite
from support.looks import READABLE, doubled_landmarks, least_contrast
from support.responded import fold, season
from support.services import Service, running

from valuebox.store.engine import Store, make_engine

HOSTILE = "<b onmouseover=alert(1)>&amp;</b>"
CUSTOMERS, MONTHS, RESPONSES = 200, 6, 3
EVERYTHING = "/dashboard?compartment=response&from=2025-08-01&to=2026-01-31"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, model_tag: str) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("shares")
    url = migrated_sqlite(folder)
    store = Store(make_engine(url))
    season(store, CUSTOMERS, HOSTILE)
    fold(store)
    store.close()
    with running(url, folder, {"VALUEBOX_MODEL": model_tag}) as service:
        yield service


@pytest.fixture(scope="module")
def opened(browser: Browser, shop: Service) -> Iterator[Page]:
    page = browser.new_page(base_url=shop.url, accept_downloads=True)
    page.set_default_timeout(10_000)
    yield page
    page.close()


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    """A page that nothing runs on, whatever customers respond with."""
    found, complaints = as_new(opened), list[str]()
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("dialog", lambda dialog: complaints.append(dialog.message))
    found.on("console", lambda message: complaints.append(message.text))
    yield found
    assert complaints == []


def panel(page: Page, name: str) -> Locator:
    return page.locator(f"section[aria-labelledby={name}]")


def test_somebody_goes_from_one_question_to_the_other_and_looks_closer(page: Page) -> None:
    # Of lifetime values nothing is stored, so that responses come first.
    page.goto("/dashboard?by=month")
    expect(page.get_by_role("heading", level=1)).to_have_text("Response")
    page.get_by_role("link", name="Lifetime value").click()
    expect(page.get_by_role("heading", name="Nothing is stored yet")).to_be_visible()
    page.get_by_role("link", name="Response").click()
    page.get_by_label("Period began from").fill("2025-08-01")
    page.get_by_role("combobox", name="Segment").select_option("bought: thai")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Response")
    expect(page.locator(".tiles dd").first).to_have_text(f"{CUSTOMERS * MONTHS:,}")
    expect(page.locator("#calibration")).to_have_text("Calibration: bought: thai")

    calibration = panel(page, "calibration")
    calibration.get_by_text("Table", exact=True).click()
    shown = calibration.locator("tbody tr").first.locator("td").all_inner_texts()
    with page.expect_download() as download:
        calibration.get_by_role("link", name="CSV").click()
    with Path(download.value.path()).open(newline="") as file:
        tenths = list(csv.DictReader(file))
    assert [(one["segment"], one["rows"]) for one in tenths] == [("bought: thai", "120")] * 10
    first = tenths[0]
    written = [
        f"{100 * float(first[name]):.1f}\N{NO-BREAK SPACE}%" for name in ("predicted", "actual")
    ]
    assert shown[:4] == ["1", "120", *written]
    # Fewer and fewer bought it: the likeliest were promised too much, which a diamond shows.
    assert float(first["upper"]) < float(first["predicted"])
    expect(calibration.locator("svg.chart .outside").first).to_be_visible()


def test_lift_has_a_line_for_each_segment(page: Page) -> None:
    page.goto(EVERYTHING)
    lifts = panel(page, "lifts")
    expect(lifts.locator(".legend li")).to_have_count(RESPONSES)
    expect(lifts.locator("circle")).to_have_count(RESPONSES * MONTHS)
    expect(lifts.locator("line.line")).to_have_count(RESPONSES * (MONTHS - 1))
    lifts.locator("circle").first.hover()
    assert HOSTILE in str(lifts.locator("circle title").all_text_contents())
    page.get_by_role("link", name=HOSTILE, exact=True).first.click()
    expect(page.locator("#calibration")).to_have_text(f"Calibration: {HOSTILE}")
    expect(panel(page, "lifts").locator("circle")).to_have_count(MONTHS)


@pytest.mark.parametrize(
    "width", [320, *(pytest.param(one, marks=pytest.mark.slow) for one in (1200, 2200))]
)
def test_it_fits_a_phone_a_desk_and_a_wall(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(EVERYTHING)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("main").bounding_box()["width"] >= 0.95 * width  # type: ignore[index]
    assert doubled_landmarks(page) == []
    if width < 400:
        # Names of segments are long: their list takes a line of its own.
        segments = page.get_by_role("combobox", name="Segment").bounding_box()
        assert segments is not None
        assert segments["width"] >= 0.8 * width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert least_contrast(page, "h1, h2, h3, th, td, p, dt, dd, a, label, summary") >= READABLE
    for name in ("cohorts", "calibration", "lifts", "predictions"):
        labels = panel(page, name).locator("svg.chart text[text-anchor]:visible")
        ends = [0.0]
        for box in (one.bounding_box() for one in labels.all()):
            assert box is not None
            assert box["x"] >= ends[-1], f"labels of {name} lie upon each other"
            ends.append(box["x"] + box["width"])
        assert len(ends) > 3
