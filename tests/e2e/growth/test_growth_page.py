"""The page of a growth report, in a real browser, of campaigns with names as ugly as they come."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from support.browser import as_new
from support.commands import valuebox
from support.databases import migrated_sqlite
from support.facts import customer, event, put_customers, put_events
from support.looks import READABLE, doubled_landmarks, least_contrast

from valuebox.store.engine import Store, make_engine

HOSTILE = "<b onmouseover=alert(1)>&amp;</b>"
HIDDEN = "evil\u202egnp.exe"
LONG = "2024-q3_prospecting_lookalike_video_us_desktop_variant-b_autumn-sale"
NAMES = (HOSTILE, HIDDEN, LONG, "Москва 🛒", "W" * 200, *(f"campaign {n}" for n in range(37)))
"""42 of them."""
TYPES = ("bought", "like", "share", "view", "click", "open")

# Texts of pictures that leave the window, and elements that hide a part of what they hold.
CUT = """() => {
  const inside = (box) => !box.width || (box.left >= -1 && box.right <= innerWidth + 1);
  const texts = [...document.querySelectorAll("svg text")]
    .filter((one) => !inside(one.getBoundingClientRect()));
  const boxes = [...document.querySelectorAll("main *:not(svg, svg *, .unseen)")].filter((one) => {
    const style = getComputedStyle(one);
    const hides = style.overflowX !== "visible" && style.clipPath === "none";
    return hides && one.clientWidth && one.scrollWidth > one.clientWidth + 1;
  });
  return [...texts, ...boxes].map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 40)}`);
}"""


# Figures that continue in a second line.
BROKEN = """() => [...document.querySelectorAll(
  "td.figure, td.count, td.amounts"
)].filter((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
}).map((one) => one.textContent)"""


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of 42 campaigns: the first has most customers, some bring millions, some lose."""
    folder = tmp_path_factory.mktemp("growth")
    url = migrated_sqlite(folder)
    store = Store(make_engine(url))
    campaigns = [name for place, name in enumerate(NAMES) for _ in range(max(1, 20 - place))]
    for source in ("one", "two"):
        put_customers(
            store,
            *(
                customer(f"c{n}", source=source, attributes={"campaign": name})
                for n, name in enumerate(campaigns)
            ),
        )
        put_events(
            store,
            *(
                event(
                    n,
                    source=source,
                    customer=f"c{n % len(campaigns)}",
                    type=TYPES[n % len(TYPES)],
                    amount=(1 + n % 31) * (-245_000.5 if n % 17 < 3 else 98_765.4),
                    properties={"category": f"category {n % 17}"},
                )
                for n in range(1500)
            ),
        )
    store.close()
    file = folder / "growth.html"
    asked = ["--source", "two", "--baseline", "one", "--html", file, "--database-url", url]
    valuebox("growth", "report", *asked)
    return file


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def page(opened: Page, html: Path) -> Page:
    """It, in a browser in which nothing may go wrong or be asked for."""
    page = as_new(opened)
    page.set_viewport_size({"width": 390, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url))
    page.goto(html.as_uri())
    assert complaints == [html.as_uri()]
    return page


def test_names_are_text_and_what_hides_in_them_is_seen(page: Page) -> None:
    expect(page.locator("b")).to_have_count(0)
    users = page.locator("[aria-labelledby=users]")
    for shown in (HOSTILE, "evil⟨U+202E⟩gnp.exe", "Москва 🛒"):
        expect(users.get_by_text(shown, exact=True)).to_have_count(1)
    short = users.locator("bdi[title]").first
    expect(short).to_have_attribute("title", LONG)
    expect(short).to_have_text("2024-q3_prospecting_lookalike_vi…t-b_autumn-sale")


@pytest.mark.parametrize("width", [390, pytest.param(800, marks=pytest.mark.slow), 1440])
def test_nothing_is_cut_however_wide_the_window_is(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []
    assert page.evaluate(BROKEN) == []


def test_nothing_is_cut_on_paper(page: Page) -> None:
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 700
    assert page.evaluate(CUT) == []
    expect(page.locator("#profits tbody tr:visible")).to_have_count(len(NAMES))


def test_every_bar_has_its_name_and_figure_the_largest_first(page: Page) -> None:
    users = page.locator("[aria-labelledby=users]")
    rows = users.locator("table.bars tbody tr")
    assert all(name.strip() for name in rows.locator("th").all_inner_texts())
    counts = [int(text) for text in rows.locator("td:last-child").all_inner_texts()]
    assert counts == [max(1, 20 - place) for place in range(24)]
    assert _all(rows.locator("rect.bar"), "width") == pytest.approx(
        [98 * count / 20 for count in counts], abs=0.01
    )
    expect(users.get_by_text("24 of 42 shown; the 18 more come to 18 customers.")).to_be_visible()


def test_losses_are_drawn_to_the_left_of_nothing(page: Page) -> None:
    bars = page.locator("[aria-labelledby=by-category] table.bars")
    (zero,) = set(_all(bars.locator("line.zero"), "x1"))
    figures = bars.locator("tbody td:last-child").all_inner_texts()
    assert [figure.startswith("-") for figure in figures] == [
        left < zero for left in _all(bars.locator("rect.bar"), "x")
    ]
    assert figures[-1].startswith("-")


def test_pictures_have_scales(page: Page) -> None:
    lifts = page.locator("[aria-label=Lifts]").first.locator("svg.scale text")
    assert "0%" in lifts.all_inner_texts() or "0%" in lifts.all_text_contents()
    assert lifts.count() > 1
    gain = page.locator("svg[aria-label^='Gain curve']").first.locator("text").all_text_contents()
    assert gain.count("50\xa0%") == 2
    assert "of customers, asked in this order" in gain
    brought = page.locator("[aria-labelledby=brings] svg.scale text").all_text_contents()
    assert any(text.endswith("\xa0M") for text in brought)


def test_tables_are_sorted_by_their_headings_from_the_keyboard(page: Page) -> None:
    cells = page.locator("#customers tbody tr td:last-child")
    before = _all(cells, "data-value")
    assert before == sorted(before, reverse=True)
    header = page.locator("#customers thead th").last
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert _all(cells, "data-value") == sorted(before)


def test_long_tables_say_how_much_of_them_is_shown_and_are_searched(page: Page) -> None:
    shown = page.locator("#profits tbody tr:visible")
    expect(shown).to_have_count(8)
    expect(page.locator("#profits .more-rows")).to_have_text("8 of 42 shown. Show all")
    page.get_by_placeholder("Find a group").fill("campaign 3")
    assert all("campaign 3" in text for text in shown.all_inner_texts())
    page.get_by_placeholder("Find a group").fill("")
    page.locator("#profits").get_by_role("button", name="Show all").click()
    expect(shown).to_have_count(42)


def test_pictures_are_shown_of_what_is_picked(page: Page) -> None:
    shown = page.locator("figure[data-of=category]:visible")
    expect(shown).to_have_count(1)
    page.locator("[data-shows=category]").select_option("Москва 🛒")
    expect(shown.locator("h4")).to_have_text("Москва 🛒")


def test_headings_are_in_order_and_pictures_have_words(page: Page) -> None:
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map((one) => +one.tagName[1])")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    expect(page.locator("svg[role=img]:not([aria-label])")).to_have_count(0)
    names = page.locator("[id]").evaluate_all("all => all.map((one) => one.id)")
    assert len(names) == len(set(names))
    assert doubled_landmarks(page) == []


@pytest.mark.parametrize(
    "scheme",
    ["light", pytest.param("dark", marks=pytest.mark.slow("src/valuebox/compartments/growth"))],
)
def test_texts_can_be_read(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    # Also on the warmest ground that there may be.
    page.locator(".heat tbody tr:first-child td").evaluate_all(
        "all => all.forEach((one, place) => { one.className = `h${100 - 7 * place}`; })"
    )
    assert least_contrast(page, ".heat td") >= READABLE
    assert least_contrast(page, "th, td, p, dt, dd, a, figcaption, label, summary") >= READABLE


def _all(found: Locator, attribute: str) -> list[float]:
    """Numbers of an attribute, of all elements at once."""
    read = f"all => all.map((one) => parseFloat(one.getAttribute('{attribute}')))"
    values: list[float] = found.evaluate_all(read)
    return values
