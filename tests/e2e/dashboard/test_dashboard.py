"""The dashboard of a running service, in a real browser."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect
from support.axe import axe_findings
from support.browser import as_new
from support.commands import only_line, valuebox
from support.dashboards import as_sent
from support.databases import migrated_sqlite
from support.looks import READABLE, doubled_landmarks, least_contrast
from support.services import Service, eventually, running
from support.sums import report, send, some_time_ago, stored_sums
from support.users import user

from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.engine import Store, make_engine

HOSTILE = "<b onmouseover=alert(1)>&amp;</b>"


class Locked(NamedTuple):
    """A service that asks for keys, a key that reads, one that may do everything, and its users."""

    service: Service
    key: str
    admin: str
    users: int


@pytest.fixture(scope="module")
def locked(
    tmp_path_factory: pytest.TempPathFactory, model: LtvModel, data_dir: Path
) -> Iterator[Locked]:
    folder = tmp_path_factory.mktemp("dashboard")
    url = migrated_sqlite(folder)
    keys = [
        only_line(valuebox("keys", "create", name, "--scope", name, "--database-url", url)[0])
        for name in ("read", "admin")
    ]
    users = read_users(data_dir / "valid.csv")
    hostile = users.head(60).assign(country_segment=HOSTILE, user_id=range(60))
    everybody = pd.concat([users, hostile])
    store = Store(make_engine(url))
    with some_time_ago():
        send(store, as_sent(everybody), model)
    report(store, dict(zip(everybody["user_id"], everybody["target"], strict=True)))
    store.close()
    settings = {"VALUEBOX_MODEL": model.tag, "VALUEBOX_ACCESS": "keys", "VALUEBOX_WORKERS": "2"}
    with running(url, folder, settings) as service:
        # Its workers add up what they find.
        added = len(everybody)
        eventually(lambda: stored_sums(service.store)["cohorts"]["known_users"].sum() == added)
        yield Locked(service, *keys, added)


class Seen(NamedTuple):
    """A page of a browser, with all that it asked for and complained of."""

    page: Page
    asked: list[str]
    complaints: list[str]


@pytest.fixture(scope="module")
def opened(browser: Browser, locked: Locked) -> Iterator[Page]:
    page = browser.new_page(base_url=locked.service.url, accept_downloads=True)
    page.set_default_timeout(10_000)
    yield page
    page.close()


@pytest.fixture
def seen(opened: Page) -> Seen:
    """A page on which nobody has signed in."""
    page = as_new(opened)
    found = Seen(page, [], [])
    page.on("request", lambda request: found.asked.append(request.url))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("dialog", lambda dialog: found.complaints.append(dialog.message))
    page.on("console", lambda message: found.complaints.append(message.text))
    return found


def sign_in(page: Page, key: str, path: str = "/dashboard?compartment=ltv") -> None:
    page.goto(path)
    page.get_by_label("API key").fill(key)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def test_somebody_signs_in_looks_around_and_leaves(locked: Locked, seen: Seen) -> None:
    page, _, _ = seen
    sign_in(page, "vbx_0123456789ab_wrong")
    expect(page.get_by_role("alert")).to_have_text("That key does not work.")
    sign_in(page, locked.key)
    expect(page.get_by_role("heading", level=1)).to_have_text("Lifetime value")
    expect(page.locator(".tiles dd").first).to_have_text(f"{locked.users:,}")

    page.get_by_role("combobox", name="Segment").select_option("GB")
    page.get_by_role("combobox", name="By").select_option("month")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#cohorts")).to_have_text("Predicted and actual: GB by month")
    assert "segment=GB" in page.url

    table = page.get_by_text("Table", exact=True).first
    table.click()
    cells = page.locator("[aria-labelledby=cohorts] tbody :is(th, td)").all_inner_texts()
    with page.expect_download() as download:
        page.locator("[aria-labelledby=cohorts]").get_by_role("link", name="CSV").click()
    with Path(download.value.path()).open(newline="") as file:
        (month,) = csv.DictReader(file)
    assert cells[:2] == [month["segment"], month["period"]] == ["GB", "2019-07"]
    assert f"{float(month['actual']):.2f}" in cells

    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/dashboard")
    expect(page.get_by_label("API key")).to_be_visible()
    assert locked.key not in locked.service.log()


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(locked: Locked, seen: Seen) -> None:
    page, asked, complaints = seen
    sign_in(page, locked.key)
    # The browser says of itself that the first page was refused.
    complaints.clear()
    page.get_by_role("link", name=HOSTILE, exact=True).first.hover()
    page.get_by_role("link", name=HOSTILE, exact=True).first.click()
    expect(page.locator("#cohorts")).to_contain_text(HOSTILE)
    page.locator("#cohorts").hover()
    assert complaints == []
    assert {url for url in asked if not url.startswith((locked.service.url, "data:"))} == set()


@pytest.mark.parametrize(
    "width", [320, 1200, *(pytest.param(one, marks=pytest.mark.slow) for one in (390, 2200))]
)
def test_it_fits_a_phone_a_desk_and_a_wall(locked: Locked, seen: Seen, width: int) -> None:
    page = seen.page
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, locked.key)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("main").bounding_box()["width"] >= 0.95 * width  # type: ignore[index]
    assert doubled_landmarks(page) == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert least_contrast(page, "h1, h2, h3, th, td, p, dt, dd, a, label, summary") >= READABLE
    letters = page.locator("svg.chart text").first
    assert 10 <= letters.bounding_box()["height"] <= 20  # type: ignore[index]


def test_what_shifted_leads_to_what_moved(locked: Locked, seen: Seen) -> None:
    page = seen.page
    sign_in(page, locked.key)
    # A fifteenth of the users is of a segment that the model does not know.
    segment = page.locator(".tiles").get_by_role("link", name="country_segment")
    segment.click()
    expect(page.get_by_role("region", name="Values of country_segment")).to_be_visible()


def test_it_is_dark_where_everything_is(locked: Locked, seen: Seen) -> None:
    page = seen.page
    sign_in(page, locked.key)
    shades = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        shades[scheme] = page.evaluate(
            "['backgroundColor', 'color'].map(name => getComputedStyle(document.body)[name]"
            ".match(/[0-9]+/g).reduce((sum, part) => sum + +part, 0))"
        )
    assert shades["light"][0] > 600 > 150 > shades["light"][1]
    assert shades["dark"][1] > 600 > 150 > shades["dark"][0]


def test_a_session_opens_nothing_else(locked: Locked, seen: Seen) -> None:
    sign_in(seen.page, locked.key)
    for path, body in (("/v1/ltv/predict", [user()]), ("/v1/ltv/predictions/search", {})):
        assert seen.page.request.post(path, data=body).status == 401


def test_somebody_comes_in_by_the_front_door(locked: Locked, seen: Seen) -> None:
    page = seen.page
    sign_in(page, locked.key, "/dashboard")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    card = page.get_by_role("region", name="Lifetime value")
    expect(card).to_contain_text("smaller error")
    expect(card).to_contain_text("outcomes up to 31 Jul 2019")
    card.get_by_role("link", name="Predicted and actual").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lifetime value")
    ways = page.get_by_role("navigation", name="Dashboard")
    ways.get_by_role("link", name="Alerts").click()
    expect(page.get_by_text("nothing is found while nobody looks")).to_be_visible()
    ways.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_somebody_is_found_exported_and_forgotten_by_keyboard_alone(
    locked: Locked, seen: Seen
) -> None:
    page = seen.page
    sign_in(page, locked.key, "/dashboard")
    # Past the navigation, into the search.
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    user = page.get_by_role("region", name="User 7", exact=True)
    expect(user).to_contain_text(HOSTILE)
    user.get_by_text("Export or forget 7").focus()
    page.keyboard.press("Enter")
    assert axe_findings(page) == []
    export, forget = (user.locator(f"form[action$={name}]") for name in ("export", "forget"))
    with page.expect_download() as download:
        export.get_by_label("API key").fill(locked.admin)
        page.keyboard.press("Enter")
    with Path(download.value.path()).open() as file:
        assert {json.loads(line)["table"] for line in file} == {
            "ltv_features", "ltv_predictions", "ltv_outcomes",
        }  # fmt: skip
    forget.get_by_label("API key").fill(locked.key)
    forget.get_by_label("The id once more").fill("7")
    forget.get_by_role("button", name="Forget").click()
    expect(page.get_by_role("alert")).to_contain_text("lacks the scope admin")
    page.go_back()
    user.get_by_text("Export or forget 7").click()
    forget.get_by_label("API key").fill(locked.admin)
    forget.get_by_label("The id once more").fill("7")
    forget.get_by_role("button", name="Forget").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Forgotten")
    assert axe_findings(page) == []
    page.goto("/dashboard/search?q=7")
    expect(page.get_by_role("status")).to_contain_text("Nothing is stored under 7")
    # The browser says of itself that a key was asked for, and once refused.
    assert [one for one in seen.complaints if not one.startswith(("Failed", "[DOM]"))] == []
    assert locked.admin not in locked.service.log()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1240, "light"),
        *(
            pytest.param(*one, marks=pytest.mark.slow("src/valuebox/compartments"))
            for one in ((1240, "dark"), (390, "light"), (390, "dark"))
        ),
    ],
)
def test_axe_finds_nothing_on_the_shared_pages(
    locked: Locked, seen: Seen, scheme: str, width: int
) -> None:
    page = seen.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto("/dashboard")
    assert axe_findings(page) == []
    sign_in(page, locked.key, "/dashboard")
    for path in ("", "/alerts", "/search", "/search?q=9", "?compartment=ltv"):
        page.goto(f"/dashboard{path}")
        assert axe_findings(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert doubled_landmarks(page) == []
