"""The page of a growth report, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.commands import valuebox
from support.facts import customer, event, put_customers, put_events

from valuebox.store.engine import Store, make_engine

HOSTILE = "<b onmouseover=alert(1)>&amp;</b>"
CAMPAIGNS = (HOSTILE, "TW", "TW")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a few customers, one campaign of whom has a name with tags in it."""
    folder = tmp_path_factory.mktemp("growth")
    url = f"sqlite:///{folder}/valuebox.db"
    valuebox("db", "upgrade", "--database-url", url)
    store = Store(make_engine(url))
    for source in ("one", "two"):
        put_customers(
            store,
            *(
                customer(
                    f"c{n}", source=source, attributes={"campaign": "TW" if n % 3 else HOSTILE}
                )
                for n in range(60)
            ),
        )
        put_events(
            store,
            *(
                event(
                    n,
                    source=source,
                    customer=f"c{n % 31}",
                    type=("bought", "like", "share")[n % 3],
                    amount=1.0 + n % 31,
                )
                for n in range(200)
            ),
        )
    store.close()
    file = folder / "growth.html"
    asked = ["--source", "two", "--baseline", "one", "--html", file, "--database-url", url]
    valuebox("growth", "report", *asked)
    return file


@pytest.fixture
def page(browser: Browser, html: Path) -> Page:
    """It, in a browser in which nothing may go wrong or be asked for."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url))
    page.goto(html.as_uri())
    assert complaints == [html.as_uri()]
    return page


def test_the_page_fits_a_phone_and_runs_nothing_that_was_sent(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("b")).to_have_count(0)
    expect(page.get_by_text(HOSTILE).first).to_be_attached()
    assert page.locator("svg.chart .bar").count() > 10
    page.close()


def test_tables_are_sorted_and_searched(page: Page) -> None:
    profits = page.locator("#customers tbody tr td:last-child")
    expect(profits.first).not_to_have_text("")
    before = [float(text) for text in profits.all_text_contents()]
    assert before == sorted(before, reverse=True)
    header = page.locator("#customers thead th").last
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert [float(text) for text in profits.all_text_contents()] == sorted(before)
    page.get_by_placeholder("Find a customer").first.fill("c3")
    shown = page.locator("#customers tbody tr:visible td:first-child")
    assert all("c3" in text for text in shown.all_text_contents())
    assert 0 < shown.count() < len(before)
    page.close()


def test_categories_are_shown_of_the_campaign_that_is_picked(page: Page) -> None:
    shown = page.locator("figure[data-of=category]:visible")
    expect(shown).to_have_count(1)
    page.get_by_label("By category, of").select_option("TW")
    expect(shown).to_have_count(1)
    expect(shown.locator("h3")).to_have_text("TW")
    page.close()
