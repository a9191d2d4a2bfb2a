"""The page of offers: what it tells of decisions, and says where there is nothing."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import true
from support.dashboards import HTML, Site, site_on
from support.offers import FIRST, play, saved, stored
from support.once import learned_once
from support.pages import Page

from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.offers.model import load
from valuebox.compartments.offers.promoting import promote
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.repository import New, rows_of
from valuebox.compartments.offers.settling import settle_known
from valuebox.store.engine import Store

PATH = "/dashboard/offers"


@pytest.fixture
def site(store: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(store, model) as found:
        yield found


def seen(site: Site) -> str:
    answer = site.http.get(PATH, headers=HTML)
    assert answer.status_code == 200, answer.text
    return " ".join(Page(answer.text).texts("h2", "p", "span", "td", "th"))


def table(site: Site, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(site.http.get(f"{PATH}/{name}.csv").text)))


def test_it_says_how_to_begin(site: Site) -> None:
    assert "No offer has been chosen yet" in seen(site)


def test_it_shows_what_is_chosen_and_what_came_of_it(site: Site, store: Store) -> None:
    tag = learned_once("offers-of-conformance", lambda: saved("offers-of-conformance", 20))
    with store.writing() as session:
        promote(session, tag, "there was none before")
    play(store, load(tag), 1.0, days=14)
    end = FIRST + timedelta(days=30)
    # A model that has just been promoted tells nothing yet.
    store.insert(rows_of([New(*stored(FIRST + timedelta(days=15), 0, "new", model="new:1"), 0.5)]))
    with store.writing() as session:
        found = read(session.connection(), end, true())
        settle_known(session, found.ids, found.decisions, end)
    types = {one["type"]: one for one in table(site, "types")}
    assert next(iter(types)) == "coins"
    assert float(types["coins"]["bought"]) == pytest.approx(0.6, abs=0.1)
    assert float(types["coins"]["foretold"]) == pytest.approx(0.6, abs=0.1)
    weeks = table(site, "weeks")
    assert sum(int(one["decisions"]) for one in weeks) == 60 * 14 + 1
    whom = table(site, "whom")
    assert next(iter(whom))["type"] == "coins"
    assert {one["type"] for one in whom} == {"coins", "gems", "xmas"}
    countries = [one for one in whom if one["feature"] == "country"]
    assert {one["value"] for one in countries} <= {"DE", "US"}
    assert all(float(one["odds"]) > 0 and int(one["players"]) >= 10 for one in whom)
    text = seen(site)
    assert "Who is shown what, and why" in text
    assert tag in text
    assert "What models bring beyond chance" in text
