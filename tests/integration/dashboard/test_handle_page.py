"""The page of handle: what it shows of a week under way, and says where there is nothing."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from support import matches
from support.dashboards import HTML, Site, leads_to, site_on
from support.databases import BACKENDS, migrated_database, open_store
from support.open_weeks import Told, under_way
from support.pages import Page
from support.sums import clock_off

from valuebox.access import callers as access
from valuebox.access.keys import Scope
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.tables import HandleMatch
from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.engine import Store

PATH = "/dashboard/handle"
HOSTILE = "=<b onclick=f()>&amp;</b>"
DAY = 86_400


@pytest.fixture(scope="module", params=BACKENDS)
def week(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A week under way whose feed is silent, and whose teams are called something awful."""
    folder = tmp_path_factory.mktemp("week")
    store = open_store(migrated_database(request, request.param, folder))
    under_way(store, feed=Told(is_silent=True))
    with store.writing() as session:
        session.execute(update(HandleMatch).values(home=HOSTILE))
    yield store
    store.close()


@pytest.fixture
def site(week: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(week, model, models={"handle": HandleModel.load(matches.tag())}) as found:
        yield found


def seen(site: Site, query: str = "") -> Page:
    answer = site.http.get(f"{PATH}?{query}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def rows(site: Site, table: str, query: str = "") -> list[dict[str, str]]:
    answer = site.http.get(f"{PATH}/{table}.csv?{query}")
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_headline_says_how_old_what_is_known_is(site: Site) -> None:
    degraded = " ".join(seen(site).texts("p", "span", "dd"))
    assert "degraded" in degraded
    assert "The feed did not answer in time." in degraded
    with clock_off(3 * DAY):
        assert "stale" in seen(site).texts("span")


def test_the_week_is_a_table_with_the_change_of_each_forecast_and_why(site: Site) -> None:
    found = rows(site, "week")
    assert len(found) > 2
    assert all(one["match"].startswith("'=") for one in found)
    # Nobody has asked yet about what begins more than a week after the last asking.
    asked = max(one["asked_at"] for one in found)
    latest = (datetime.fromisoformat(asked) + timedelta(days=7)).isoformat()
    told = [one for one in found if one["forecast"]]
    assert told == [one for one in found if one["kickoff"] <= latest]
    for one in told:
        assert float(one["lower"]) <= float(one["forecast"]) <= float(one["upper"])
        assert 0 <= float(one["known"]) <= float(one["forecast"])
    assert all(one["why"] and one["change"] for one in told if one["known"] != "0.0")
    page = seen(site)
    assert not page.all("b", "script")
    assert sum(HOSTILE in text for text in page.texts("bdi")) == len(found)
    total = page.texts("dd")[0].replace(",", "")
    parts = [float(one["actual"] or one["forecast"]) for one in told]
    assert float(total) == pytest.approx(sum(parts), abs=1)


def test_a_match_that_is_over_is_shown_with_what_came_true(site: Site) -> None:
    (first, *_) = [one for one in rows(site, "week", "week=" + weeks(site)[-1]) if one["actual"]]
    query = f"match={first['id']}"
    vintages, curve = rows(site, "vintages", query), rows(site, "curve", query)
    assert [one["asked_at"] for one in vintages] == sorted(one["asked_at"] for one in vintages)
    assert float(vintages[-1]["forecast"]) == float(first["forecast"])
    # All bets are there some hours after it began, and none was before there could be any.
    known = [float(one["bets"]) for one in curve if one["bets"]]
    assert known == sorted(known)
    assert known[-1] <= float(first["actual"]) * 1.001
    told = [float(one["first"]) for one in curve]
    assert told == sorted(told)
    assert told[-1] == pytest.approx(float(vintages[0]["forecast"]), rel=0.05)
    assert any("came true" in text for text in seen(site, query).texts("p"))


def weeks(site: Site) -> list[str]:
    """The weeks that can be chosen, the newest first."""
    return [str(one.attributes["value"]) for one in seen(site).all("option")]


@pytest.mark.parametrize("query", ["week=11", "week=2020-11&week=2020-12", "day=3", "match=%00"])
def test_what_an_address_cannot_ask_for_is_refused(site: Site, query: str) -> None:
    answer = site.http.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_input")


def test_a_week_or_a_match_that_nobody_knows_is_no_error(site: Site) -> None:
    assert any("No match of this week" in text for text in seen(site, "week=1999-1").texts("p"))
    assert seen(site, "match=nobody").texts("h1") == ["Handle of the week"]


def test_it_says_what_to_do_before_there_is_anything(store: Store, model: LtvModel) -> None:
    def started(**models: Any) -> Page:
        with site_on(store, model, models=models) as site:
            return seen(site)

    def codes(page: Page) -> set[str]:
        return {text for text in page.texts("code") if text.startswith("valuebox handle")}

    assert started().texts("h2") == ["Nothing is loaded yet"]
    assert codes(started()) == {
        "valuebox handle load SOURCE",
        "valuebox handle simulate history",
        "valuebox handle train",
        "valuebox handle forecast",
    }
    matches.store_loads(store, until=matches.FIRST_LOAD)
    assert started().texts("h2")[0] == "No model answers yet"
    of = HandleModel.load(matches.tag())
    assert codes(started(handle=of)) == {"valuebox handle forecast"}
    assert started(handle=of).texts("h2")[0] == "Nobody has asked yet"
    matches.ask(store, matches.steps(store, matches.FIRST_LOAD + 0.4))
    assert started(handle=of).texts("h2")[0] == "No match is known that is still to come"


def test_somebody_who_signs_in_on_the_way_gets_where_they_wanted(
    week: Store, model: LtvModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "REFRESH_SECONDS", 0.0)
    with site_on(week, model, mode="keys") as site:
        asked = site.http.get(f"{PATH}?match=m%261", headers=HTML)
        assert asked.status_code == 401
        (form,) = Page(asked.text).all("form")
        action = leads_to_form(form.attributes["action"])
        key = site.key("looks", Scope.READ)
        entered = site.http.post(action, data={"key": key}, headers=HTML)
        assert (entered.status_code, leads_to(entered)) == (303, f"{PATH}?match=m%261")
        assert seen(site).texts("h1") == ["Handle of the week"]
        nobody = site.http.get("/dashboard/sign-in?page=//elsewhere.example")
        assert nobody.json()["error"]["problems"][0]["field"] == "page"


def leads_to_form(action: str | None) -> str:
    """The address of a form of the page of handle."""
    assert action is not None
    assert action.startswith("../dashboard/sign-in?page=handle")
    return action.removeprefix("..")
