"""The page of features: what it shows of answers, and says where there is nothing."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from support.dashboards import HTML, Site, site_on
from support.pages import Page

from valuebox.compartments.ltv.model import LtvModel
from valuebox.facts.features.declarations import add, compare_with
from valuebox.facts.features.history import Looked
from valuebox.facts.features.keeping import kept
from valuebox.facts.features.stored import Asked
from valuebox.features.bins import CategoryBins, NumberBins
from valuebox.features.declared.building import Counts, manifest_of, microseconds
from valuebox.features.declared.reading import declaration_of
from valuebox.features.declared.table_bins import TableBins
from valuebox.store.engine import Store
from valuebox.store.ids import ids_from, new_id
from valuebox.store.writing import write

PATH = "/dashboard/features"
AT = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = Counts(0, 0, 0, {}, np.empty(0, np.int64), {})
HOSTILE = "<b onclick=f()>DE</b>"
TEXT = (
    "name = 'tried'\n[anchor]\ntype = 'shown'\n[attribute.country]\nlast = 'country'\n"
    "[field.games]\ncount = true\n[window.week]\ndays = -7"
)
DECLARED = declaration_of(TEXT, "tried")


@pytest.fixture
def site(store: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(store, model) as found:
        yield found


def answered(
    store: Store, answers: Sequence[dict[str, Any]], looked: Sequence[Looked] = ()
) -> None:
    asked = [Asked("game", f"{place}", None, None) for place in range(len(answers))]
    ids, alone = ids_from(new_id(), len(answers)), [Looked(0, None)] * len(answers)
    with store.writing() as session:
        write(session, [kept(DECLARED, asked, answers, looked or alone, AT, ids)])


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


def test_answers_are_compared_with_the_table_that_a_model_has_learned_from(
    store: Store, site: Site
) -> None:
    learned = TableBins(
        rows=200,
        features={
            "country": CategoryBins(values=["DE"], rarer=[], users=[100, 0, 60, 40]),
            "week.games": NumberBins(edges=[2.5], names=["0", "3", "missing"], users=[120, 80, 0]),
        },
    )
    # Neither the newer half nor the older one: all of them are others than in the table.
    countries = ("FR", None)
    answered(
        store,
        [{"country": countries[place % 2], "week.games": place % 5} for place in range(600)],
    )
    assert "No table is known" in seen(site)
    assert columns(site)["country"]["table_psi"] == ""
    text = DECLARED.model_dump_json()
    with store.writing() as session:
        add(session, DECLARED, text, answers=True)
        told = manifest_of(DECLARED, None, AT, NOTHING, learned)
        compare_with(session, DECLARED, told)
    found = columns(site)
    assert float(found["country"]["table_psi"]) > 1
    assert (found["country"]["table_missing"], found["country"]["missing"]) == ("0.2", "0.5")
    games = found["week.games"]
    assert float(games["table_psi"]) < float(games["table_chance"])
    assert float(found["country"]["psi"]) < 0.1
    page = seen(site)
    assert "No table is known" not in page
    assert "1 of 2 features moved" in page


def test_a_table_of_another_declaration_tells_nothing(store: Store, site: Site) -> None:
    answered(store, [{"country": "DE", "week.games": 1}] * 300)
    other = declaration_of(f"lookback = '90 days'\n{TEXT}", "tried")
    bins = TableBins(
        rows=1, features={"country": CategoryBins(values=["DE"], rarer=[], users=[0, 0, 0, 1])}
    )
    with store.writing() as session:
        add(session, other, other.model_dump_json(), answers=True)
        compare_with(session, other, manifest_of(other, None, AT, NOTHING, bins))
    assert columns(site)["country"]["table_psi"] == ""
    assert "No table is known" in seen(site)


def test_it_tells_how_old_the_newest_events_are(store: Store, site: Site) -> None:
    hour = microseconds(AT) - 3_600_000_000
    answered(store, [{"country": "DE", "week.games": 1}] * 300, [Looked(7, hour)] * 300)
    answered(store, [{"country": None, "week.games": 0}] * 100)
    answer = site.http.get(f"{PATH}/declarations.csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["answers"], row["alone"], row["age"]) == ("400", "0.25", "1.0")


def test_few_answers_tell_nothing(store: Store, site: Site) -> None:
    answered(store, [{"country": "DE", "week.games": 1}] * 3)
    assert columns(site) == {}
    assert "3 answers are too few" in seen(site)


def test_a_version_that_nobody_asked_for_is_not_there(store: Store, site: Site) -> None:
    answered(store, [{"country": "DE", "week.games": 1}] * 300)
    assert columns(site, "declaration=tried&version=1")
    assert columns(site, "declaration=other") == {}
    assert site.http.get(f"{PATH}/columns.csv?version=x").status_code == 400
