"""The page of offers of a running service, in a real browser."""

import csv
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import true
from support.browser import as_new
from support.databases import migrated_sqlite
from support.looks import READABLE, doubled_landmarks, least_contrast, watch
from support.offers import FIRST, play, saved
from support.once import learned_once
from support.services import Service, running

from valuebox.compartments.offers.model import load
from valuebox.compartments.offers.promoting import promote
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.settling import settle_known
from valuebox.store.engine import Store, make_engine

SECTIONS = ("whom", "calibration", "propensities", "types", "weeks", "promotions")


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory, model_tag: str) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("game")
    url = migrated_sqlite(folder)
    tag = learned_once("offers-of-conformance", lambda: saved("offers-of-conformance", 20))
    store = Store(make_engine(url))
    with store.writing() as session:
        promote(session, tag, "there was none before")
    play(store, load(tag), 1.0, days=28)
    end = FIRST + timedelta(days=36)
    with store.writing() as session:
        found = read(session.connection(), end, true())
        settle_known(session, found.ids, found.decisions, end)
    store.close()
    with running(url, folder, {"VALUEBOX_MODEL": model_tag}) as service:
        yield service


@pytest.fixture(scope="module")
def opened(browser: Browser, game: Service) -> Iterator[Page]:
    page = browser.new_page(base_url=game.url, accept_downloads=True)
    page.set_default_timeout(10_000)
    yield page
    page.close()


@pytest.fixture
def page(opened: Page, game: Service) -> Iterator[Page]:
    """A page that asks nobody but the service, and complains of nothing."""
    found = as_new(opened)
    wrong = watch(found, game.url)
    yield found
    assert wrong == []


def test_somebody_looks_at_what_is_shown_to_whom_and_why(page: Page) -> None:
    page.goto("/dashboard")
    card = page.get_by_role("region", name="Offers", exact=True)
    expect(card).to_contain_text("a decision")
    expect(card).to_contain_text("baseline")
    page.get_by_role("navigation", name="Dashboard").get_by_role(
        "link", name="Offers by the week"
    ).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Offers by the week")
    tiles = page.locator("dl.tiles")
    for name in ("Lift over random", "Regret", "Learned", "Overlap"):
        expect(tiles).to_contain_text(name)
    for section in SECTIONS:
        card = page.locator(f"section[aria-labelledby={section}]")
        expect(card.get_by_role("region", name=f"Table of {section}")).to_be_visible()
        with page.expect_download() as waited:
            card.get_by_role("link", name="CSV").click()
        with waited.value.path().open() as file:
            assert len(list(csv.reader(file))) >= 2


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        *(
            pytest.param(*one, marks=pytest.mark.slow("src/valuebox/compartments/offers"))
            for one in ((1240, "light"), (1240, "dark"), (390, "light"))
        ),
    ],
)
def test_it_can_be_read_in_the_dark_and_on_a_phone(page: Page, scheme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto("/dashboard/offers")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert doubled_landmarks(page) == []
    assert least_contrast(page, "td, th, dd, dt, p, a, span:visible") >= READABLE
