"""The page of handle of a running service, in a real browser."""

import csv
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support import matches
from support.browser import as_new
from support.databases import migrated_sqlite
from support.looks import READABLE, doubled_landmarks, least_contrast, watch
from support.open_weeks import Told, under_way
from support.services import Service, running

from valuebox.store.engine import Store, make_engine


@pytest.fixture(scope="module")
def bookmaker(tmp_path_factory: pytest.TempPathFactory, model_tag: str) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("bookmaker")
    url = migrated_sqlite(folder)
    store = Store(make_engine(url))
    under_way(store, feed=Told())
    store.close()
    models = {"VALUEBOX_MODEL": model_tag, "VALUEBOX_MODELS__HANDLE": matches.tag()}
    with running(url, folder, models) as service:
        yield service


@pytest.fixture(scope="module")
def opened(browser: Browser, bookmaker: Service) -> Iterator[Page]:
    page = browser.new_page(base_url=bookmaker.url, accept_downloads=True)
    page.set_default_timeout(10_000)
    yield page
    page.close()


@pytest.fixture
def page(opened: Page, bookmaker: Service) -> Iterator[Page]:
    """A page that asks nobody but the service, and complains of nothing."""
    found = as_new(opened)
    wrong = watch(found, bookmaker.url)
    yield found
    assert wrong == []


def test_somebody_looks_at_the_week_and_at_one_of_its_matches(page: Page) -> None:
    page.goto("/dashboard")
    page.get_by_role("navigation", name="Dashboard").get_by_role(
        "link", name="Handle of the week"
    ).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Handle of the week")
    expect(page.locator(".fresh").first).to_contain_text("fresh: warehouse loaded")
    table = page.get_by_role("region", name="Matches of the week")
    # Of the last ones nobody may have asked yet.
    first = table.get_by_role("link").first
    name = first.inner_text()
    # By keyboard alone.
    first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    for picture, region in (("Vintages", "vintages"), ("Bets so far", "curve")):
        card = page.get_by_role("region", name=picture, exact=True)
        assert card.locator("svg.chart").bounding_box()["height"] > 100  # type: ignore[index]
        card.get_by_text("Table", exact=True).click()
        expect(page.get_by_role("region", name=f"Table of {region}")).to_be_visible()
        with page.expect_download() as waited:
            card.get_by_role("link", name="CSV").click()
        with waited.value.path().open() as file:
            assert len(list(csv.reader(file))) > 2
    chosen = page.get_by_role("combobox", name="Week")
    label = chosen.locator("option").first.inner_text()
    chosen.select_option(index=0)
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#week")).to_have_text(label.split(",")[0])


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        *(
            pytest.param(*one, marks=pytest.mark.slow("src/valuebox/compartments/handle"))
            for one in ((1240, "light"), (1240, "dark"), (390, "light"))
        ),
    ],
)
def test_it_can_be_read_in_the_dark_and_on_a_phone(page: Page, scheme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto("/dashboard/handle")
    page.locator("summary").evaluate_all("(all) => all.forEach((one) => one.click())")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert doubled_landmarks(page) == []
    assert least_contrast(page, "td, th, dd, dt, p, a, span:visible") >= READABLE
