"""The page of features: what it shows of answers, and says where there is nothing."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from support.dashboards import HTML, Site, site_on
from support.pages import Page

from valuebox.compartments.ltv.model import LtvModel
from valuebox.facts.features.keeping import kept
from valuebox.facts.features.history import Looked
from valuebox.facts.features.stored import Asked
from valuebox.features.declared.reading import declaration_of
from valuebox.store.engine import Store
from valuebox.store.ids import ids_from, new_id
from valuebox.store.writing import write

PATH = "/dashboard/features"
AT = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = "<b onclick=f()>DE</b>"
DECLARED = declaration_of(
    "name = 'tried'\n[anchor]\ntype = 'shown'\n[attribute.country]\nlast = 'country'\n"
    "[field.games]\ncount = true\n[window.week]\ndays = -7",
    "tried",
)


@pytest.fixture
def site(store: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(store, model) as found:
        yield found


def answered(store: Store, answers: Sequence[dict[str, Any]]) -> None:
    asked = [Asked("game", f"{place}", None, None) for place in range(len(answers))]
    ids = ids_from(new_id(), len(answers))
    with store.writing() as session:
        write(session, [kept(DECLARED, asked, answers, [Looked(0, None)] * len(answers), AT, ids)])


def columns(site: Site, query: str = "") -> dict[str, dict[str, str]]:
    answer = site.http.get(f"{PATH}/columns.csv?{query}")
    rows = csv.DictReader(io.StringIO(answer.text))
    return {row["column"]: row for row in rows}


def seen(site: Site) -> str:
    answer = site.http.get(PATH, headers=HTML)
    assert answer.status_code == 200, answer.text
    assert HOSTILE not in answer.text
    return " ".join(Page(answer.text).texts("h2", "p", "span", "td", "th"))


def test_it_says_how_to_begin(site: Site) -> None:
    assert "Nobody has asked for features yet" in seen(site)


def test_columns_are_told_and_what_moved(store: Store, site: Site) -> None:
    answered(store, [{"country": HOSTILE, "week.games": place % 5} for place in range(300)])
    answered(store, [{"country": None, "week.games": place % 5} for place in range(300)])
    found = columns(site)
    assert (found["country"]["missing"], found["week.games"]["missing"]) == ("0.5", "0.0")
    assert float(found["week.games"]["mean"]) == 2
    assert float(found["country"]["psi"]) > 1 > float(found["week.games"]["psi"]) == 0
    assert "1 of 2 features moved" in seen(site)


def test_few_answers_tell_nothing(store: Store, site: Site) -> None:
    answered(store, [{"country": "DE", "week.games": 1}] * 3)
    assert columns(site) == {}
    assert "3 answers are too few" in seen(site)


def test_a_version_that_nobody_asked_for_is_not_there(store: Store, site: Site) -> None:
    answered(store, [{"country": "DE", "week.games": 1}] * 300)
    assert columns(site, "declaration=tried&version=1")
    assert columns(site, "declaration=other") == {}
    assert site.http.get(f"{PATH}/columns.csv?version=x").status_code == 400
