"""What the dashboard shows of predicted shares, and how one gets from one question to another."""

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from support.dashboards import Site, leads_to, site_on
from support.facts import put_events
from support.pages import Page
from support.responded import TAG, bought, fold, opened, predict, season
from support.sums import send
from support.users import users

from valuebox.access.keys import Scope
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.response.ledger import LEDGER
from valuebox.dashboard.panels import shown
from valuebox.predictions.sums.calibration import deciles, lifts
from valuebox.predictions.sums.selection import Selection
from valuebox.store.engine import Store

RESPONSES = "compartment=response"
HOSTILE = "<b onmouseover=alert(1)>&lt;"
PERCENT = "\N{NO-BREAK SPACE}%"
CAME = [18, 14, 7, 6, 5, 5, 4, 3, 2, 2]
"""How many of each group of 20 respond."""


@pytest.fixture
def site(store: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(store, model) as found:
        yield found


@pytest.fixture
def postgres_site(postgres_store: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(postgres_store, model) as found:
        yield found


def respond(store: Store, group: int, count: int, size: int = 20) -> None:
    """Customers of a group of that size, so many of whom buy."""
    put_events(
        store, *(bought(f"e{group}-{one}", str(size * group + one), 3) for one in range(count))
    )


def tenths(store: Store) -> None:
    """Ten groups of 20 customers, each of a chance of its own."""
    opened(store)
    for group, came in enumerate(CAME):
        predict(store, 20 * group, 20, 0.9 * 0.7**group)
        respond(store, group, came)
    fold(store)


def records(site: Site, name: str, query: str = RESPONSES) -> list[dict[str, str]]:
    head, *rows = site.csv(name, query)
    return [dict(zip(head, row, strict=True)) for row in rows]


def said(page: Page) -> str:
    return " ".join(" ".join(one.text.split()) for one in page.elements)


def nav(page: Page) -> dict[str, str]:
    """Where the links to the other questions lead, by what they are called."""
    links = [one for one in page.all("a") if "compartment=" in (one.attributes["href"] or "")]
    found = {one.text: one.attributes["href"] or "" for one in links}
    return {name: found[name] for name in ("Lifetime value", "Response")}


@pytest.mark.sqlite_alone
def test_shares_are_percentages_to_people_and_numbers_to_programs(site: Site) -> None:
    tenths(site.store)
    page = site.page(f"{RESPONSES}&segment=bought")
    tiles = dict(zip(page.texts("dt"), page.texts("dd")[::2], strict=True))
    assert page.texts("h1") == ["Response"]
    assert tiles["Predictions of bought"] == "200"
    assert tiles["Actual mean"] == f"33.0{PERCENT}"
    # The mean of 0.9 * 0.7**group.
    assert tiles["Predicted mean"] == f"29.2{PERCENT}"
    (cohort,) = records(site, "cohorts", f"{RESPONSES}&segment=bought")
    assert (cohort["period"], cohort["users"]) == ("2025-08-01", "200")
    assert float(cohort["actual"]) == 0.33
    assert "in your currency" not in said(page)
    assert not re.search("[Uu]sers|[Jj]oined", said(page))
    chart = next(one for one in page.all("svg") if one.attributes.get("class") == "chart")
    assert "Predicted and actual means of bought" in (chart.attributes["aria-label"] or "")
    sizes = records(site, "predictions", f"{RESPONSES}&segment=bought")
    assert sum(int(one["rows"]) for one in sizes) == 200
    assert (sizes[0]["lower"], sizes[-1]["upper"]) == ("0.0316", "0.9206")


@pytest.mark.sqlite_alone
def test_every_tenth_is_compared_with_what_came_true(site: Site) -> None:
    tenths(site.store)
    found = records(site, "calibration")
    assert [one["segment"] for one in found] == ["bought"] * 10
    with site.store.reading() as session:
        expected = deciles(session, LEDGER, Selection(segment="bought"))
        lift = lifts(session, LEDGER, Selection(segment="bought"))[0].lift
    assert [round(20 * float(one["actual"])) for one in found] == CAME
    assert [float(one["lower"]) for one in found] == [one.lower for one in expected]
    (monthly, _) = records(site, "lifts")
    assert (monthly["segment"], monthly["period"], monthly["responders"]) == (
        "bought",
        "2025-08",
        "66",
    )
    assert float(monthly["lift"]) == lift == pytest.approx(0.9 / 0.33)
    page = site.page(RESPONSES)
    assert {"Calibration: bought", "Lift by month"} <= set(page.texts("h2"))
    told = page.texts("title")
    assert f"Tenth 1 of 10: 90.0{PERCENT} predicted, 90.0{PERCENT} came true" in " ".join(told)
    assert "bought, Aug 2025: lift 2.73, 66 of 200 predictions came true" in told


@pytest.mark.sqlite_alone
def test_what_is_predicted_decides_which_panels_there_are(site: Site, model: LtvModel) -> None:
    tenths(site.store)
    links = set(re.findall(r'href="dashboard/([a-z-]+)\.csv\?([^"]*)"', site.get(RESPONSES).text))
    assert {name for name, _ in links} == set(shown(LEDGER))
    assert {query for _, query in links} == {RESPONSES}
    send(site.store, users(40), model)
    refused = site.http.get("/dashboard/calibration.csv?compartment=ltv")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
    assert "Lift by month" not in site.page("compartment=ltv").texts("h2")


@pytest.mark.sqlite_alone
def test_few_customers_are_not_told_of(site: Site) -> None:
    # Tenths of 49 customers have fewer than the five that are told of at least.
    opened(site.store)
    predict(site.store, 0, 49, 0.25)
    respond(site.store, 0, 7)
    fold(site.store)
    assert records(site, "calibration") == records(site, "lifts") == []
    page = said(site.page(RESPONSES))
    assert "Too few outcomes of this segment are known to tell of each tenth." in page
    assert "Too few outcomes of a month are known to tell of its likeliest tenth." in page
    predict(site.store, 49, 1, 0.25)
    fold(site.store)
    assert len(records(site, "calibration")) == 10
    (lift,) = (one for one in records(site, "lifts") if one["segment"] == "bought")
    # All were said to be as likely: the likeliest tenth is any.
    assert (lift["responders"], float(lift["lift"])) == ("7", pytest.approx(1))


@pytest.mark.sqlite_alone
def test_a_month_cannot_be_had_by_subtracting_the_others(site: Site) -> None:
    opened(site.store)
    for day, count in ((0, 100), (31, 60), (61, 3)):
        predict(site.store, 0, count, 0.25, day)
    fold(site.store)
    # The month of three goes with the next smallest one.
    told = {one["period"] for one in records(site, "lifts", f"{RESPONSES}&segment=bought")}
    assert told == {"2025-08"}


def test_categories_are_text_wherever_they_stand(postgres_site: Site) -> None:
    season(postgres_site.store, customers=60, liked=HOSTILE)
    fold(postgres_site.store)
    everything = f"{RESPONSES}&from=2025-08-01&to=2026-01-31"
    page = postgres_site.page(everything)
    assert f"Calibration: {HOSTILE}" in page.texts("h2")
    assert any(HOSTILE in text for text in page.texts("title"))
    assert page.all("b", "script", "img") == []
    assert not any("onmouseover" in one.attributes for one in page.elements)
    assert len({one["period"] for one in records(postgres_site, "lifts", everything)}) == 6


@pytest.mark.sqlite_alone
def test_each_question_has_a_link_and_keeps_to_itself(site: Site, model: LtvModel) -> None:
    tenths(site.store)
    send(site.store, users(40), model)
    page = site.page(f"{RESPONSES}&segment=bought&model={TAG}&from=2025-08-01")
    assert nav(page) == {
        "Lifetime value": "dashboard?compartment=ltv",
        "Response": "dashboard?compartment=response",
    }
    (here,) = (one for one in page.all("a") if one.attributes.get("aria-current"))
    assert here.text == "Response"
    hidden = [one for one in page.all("input") if one.attributes.get("type") == "hidden"]
    assert [(one.attributes["name"], one.attributes["value"]) for one in hidden] == [
        ("compartment", "response")
    ]
    others = [one.attributes["href"] or "" for one in page.all("a")]
    links = [href for href in others if href.startswith("dashboard?")]
    assert all("compartment=" in href for href in links)


@pytest.mark.sqlite_alone
def test_without_a_question_it_is_the_first_that_has_rows(site: Site, model: LtvModel) -> None:
    assert site.page().texts("h1") == ["Lifetime value"]
    tenths(site.store)
    assert site.page().texts("h1") == ["Response"]
    assert {row[0] for row in site.csv("cohorts")[1:]} == {"bought"}
    # Addresses that were kept before there was a second question still show the first.
    send(site.store, users(40), model)
    assert site.page("segment=US").texts("h1") == ["Lifetime value"]
    assert site.csv("segments") == site.csv("segments", "compartment=ltv")


@pytest.mark.sqlite_alone
def test_a_question_without_rows_says_what_to_do(site: Site, model: LtvModel) -> None:
    empty = site.page(RESPONSES)
    assert "Nothing is stored yet" in empty.texts("h2")
    assert "POST /v1/growth/response" in empty.texts("code")
    assert "valuebox evaluate" not in said(empty)
    assert "No model of this kind is served." in said(empty)
    assert f"{model.tag} is served." in said(site.page())
    opened(site.store)
    predict(site.store, 0, 40, 0.25, day=120)
    refused = site.get("compartment=nothing")
    assert (refused.status_code, "ltv, response" in refused.text) == (400, True)
    fold(site.store)
    page = said(site.page(RESPONSES))
    assert "predictions for periods that began" in page


@pytest.mark.sqlite_alone
def test_an_outcome_that_is_not_known_yet_is_waited_for(site: Site) -> None:
    put_events(site.store, bought("w", "watcher", -90))
    predict(site.store, 0, 40, 0.25)
    fold(site.store)
    page = said(site.page(RESPONSES))
    assert "No outcome is known of predictions for periods that began in these days." in page
    assert "POST /v1/ltv/outcomes" not in page


@pytest.mark.sqlite_alone
def test_the_model_of_the_question_is_the_one_that_is_served(store: Store, model: LtvModel) -> None:
    tenths(store)
    with site_on(store, model, models={"response": SimpleNamespace(tag=TAG)}) as site:
        page = said(site.page(RESPONSES))
        assert f"{TAG} is served." in page
        assert model.tag not in page
        assert [one.text for one in site.page(RESPONSES).all("span") if one.text == "served"]


@pytest.mark.sqlite_alone
def test_signing_in_leads_to_the_question_that_was_asked(
    postgres_store: Store, model: LtvModel
) -> None:
    with site_on(postgres_store, model, mode="keys") as site:
        key = site.key("looks", Scope.READ)
        asked = f"{RESPONSES}&segment=bought%3A+thai"
        (form,) = Page(site.get(asked).text).all("form")
        assert form.attributes["action"] == f"dashboard/sign-in?{asked}"
        assert leads_to(site.sign_in(key, asked)) == f"/dashboard?{asked}"
