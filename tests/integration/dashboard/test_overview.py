"""The front page: a card for every compartment, and the sheet of what monitoring found."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.dashboards import Site, leads_to, show, site_on
from support.filled import Rows
from support.pages import Page
from support.responded import fold, season
from support.sums import send
from support.users import user

from valuebox.access import callers as access
from valuebox.access.keys import Scope
from valuebox.compartments.briefs import Brief, Standing
from valuebox.compartments.claims import OF_THE_DASHBOARD
from valuebox.compartments.contract import Compartment
from valuebox.compartments.handle.ledger import LEDGER as HANDLE
from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.register import compartments, ledgers, own_pages
from valuebox.dashboard import overview
from valuebox.dashboard.own import SHARED
from valuebox.predictions.monitoring.keeping import keep
from valuebox.predictions.monitoring.results import (
    Figure,
    Finding,
    MonitorResult,
    Thresholds,
    Unknown,
)
from valuebox.store.engine import Store
from valuebox.store.ids import first_id

NOW = datetime.now(UTC)
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def rows_of_store(model: LtvModel, data_dir: Path) -> Rows:
    """Users of a month whose values are known, and half a year of responses."""

    def put(store: Store) -> None:
        show(store, model, read_users(data_dir / "valid.csv"))
        season(store, 120)
        fold(store)

    return Rows("overview", put)


@pytest.fixture
def site(store: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(store, model) as found:
        yield found


def front(site: Site) -> str:
    answer = site.at("")
    assert answer.status_code == 200, answer.text
    return answer.text


def card(text: str, name: str) -> str:
    """What a card says, without its marks."""
    found = re.search(rf'aria-labelledby="of-{name}">(.*?)</section>', text, re.DOTALL)
    assert found is not None, f"{name} has no card"
    return " ".join(re.sub(r"<[^>]*>", " ", found[1]).split())


def result(
    made_at: datetime, *findings: Finding, unknown: list[Unknown] | None = None
) -> MonitorResult:
    return MonitorResult(
        made_at=made_at,
        thresholds=Thresholds(),
        drift=None,
        matured=None,
        label_lag_days=31,
        findings=list(findings),
        unknown=unknown or [],
    )


def found(value: float = 0.29, feature: str = "country_segment") -> Finding:
    return Finding(check="psi", feature=feature, value=value, limit=0.25, chance=0.01)


def stored(store: Store, *results: MonitorResult) -> None:
    with store.writing() as session:
        for one in results:
            record = LEDGER.sums.monitor_results(
                id=first_id(one.made_at),
                made_at=one.made_at,
                crossed=bool(one.crossed),
                result=one.model_dump(mode="json"),
            )
            session.add(record)


def test_every_compartment_has_a_card(site: Site, model: LtvModel) -> None:
    text = front(site)
    for one in compartments():
        assert one.question in card(text, one.name).replace("&#39;", "'")
    of_ltv = card(text, "ltv")
    assert f"users, by {model.tag}" in of_ltv
    assert re.search(r"[0-9.]+.% smaller error", of_ltv)
    assert "better than its baseline" in of_ltv
    assert "outcomes up to 31 Jul 2019" in of_ltv
    assert "never monitored: run valuebox monitor daily" in of_ltv
    # Likely customers did respond more often than others.
    of_response = card(text, "response")
    lift = re.search(r"([0-9.]+) times as often better than its baseline", of_response)
    assert lift is not None
    assert 1.5 < float(lift[1]) < 10
    # Its model is not served here.
    assert "no model is served; valuebox" in of_response
    assert "none yet" in card(text, "handle")


@pytest.mark.sqlite_alone
def test_an_answer_of_one_is_told_as_one(site: Site, model: LtvModel) -> None:
    send(site.store, [user(1)], model)
    assert f": 1 user, by {model.tag}" in card(front(site), "ltv")


def test_cards_lead_to_what_they_are_of(site: Site) -> None:
    page = Page(front(site))
    links = [str(one.attributes.get("href")) for one in page.all("a")]
    of_dashboard = {one for one in links if one.startswith("dashboard")}
    assert {f"dashboard/{name}" for name in (*SHARED, *own_pages())} <= of_dashboard
    of_ledgers = {one for one in of_dashboard if "?" in one}
    assert len(of_ledgers) == len(ledgers())
    for link in of_ledgers:
        assert site.at(link.removeprefix("dashboard")).status_code == 200, link


def test_health_is_what_monitoring_found_last(site: Site, store: Store) -> None:
    stored(store, result(NOW - timedelta(hours=2)))
    assert "Health calm, monitored 2 hours ago" in card(front(site), "ltv")
    stored(store, result(NOW - timedelta(hours=1), found(), found(0.4, "hidden")))
    of_ltv = card(front(site), "ltv")
    assert "2 figures beyond their threshold, monitored 1 hour ago" in of_ltv
    assert "what to do" in of_ltv
    untold = [Unknown(check="psi", why="too few rows")]
    stored(store, result(NOW, unknown=untold))
    assert "too little is known to tell drift" in card(front(site), "ltv")


def test_handle_stands_beside_the_best_of_its_simple_forecasts(site: Site, store: Store) -> None:
    told = {"forecasts": 40, "wape": 0.15, "wape of pick up": 0.2, "wape of slot mean": 0.4}
    # What was said of the same match before is no other way of forecasting.
    told["wape of previous"] = 0.1
    figures = [Figure(name=name, segment="all", value=value) for name, value in told.items()]
    with store.writing() as session:
        monitored = result(NOW).model_copy(update={"figures": figures})
        keep(session, HANDLE.sums.monitor_results, monitored)
    of_handle = " ".join(card(front(site), "handle").split())
    assert re.search("25.% smaller error better than its baseline than that of pick up", of_handle)
    assert "the best of 2 simple forecasts of the same 40" in of_handle


def test_old_calm_is_no_calm(site: Site, store: Store) -> None:
    stored(store, result(NOW - timedelta(days=3)))
    assert "too long ago, monitored 3 days ago" in card(front(site), "ltv")


def test_a_compartment_tells_its_own_card_and_its_words_are_escaped(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Brief(
        answered=HOSTILE,
        answered_at=NOW,
        fresh={HOSTILE: date(2026, 1, 2)},
        standing=Standing(HOSTILE, f"`{HOSTILE}` beside", "worse"),
        trouble=f"{HOSTILE} is away",
    )
    own = Compartment("wine", HOSTILE, SimpleNamespace, brief=lambda *_: told)
    monkeypatch.setattr(overview, "compartments", lambda: (*compartments(), own))
    text = front(site)
    assert "<img" not in text
    of_wine = card(text, "wine")
    assert "worse than its baseline" in of_wine
    assert "is away" in of_wine
    assert "2 Jan 2026" in of_wine


def test_a_compartment_without_a_brief_has_a_card_all_the_same(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Compartment("wine", "Which wine goes with it?", SimpleNamespace)
    monkeypatch.setattr(overview, "compartments", lambda: (own,))
    assert "There is no baseline to compare with." in card(front(site), "wine")


def test_a_card_that_fails_hides_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = Compartment(
        "wine", "Which wine goes with it?", SimpleNamespace, brief=lambda *_: Brief().standing.value
    )
    monkeypatch.setattr(overview, "compartments", lambda: (own, *compartments()))
    text = front(site)
    assert "this card cannot be made; the log of the service says why" in card(text, "wine")
    assert "better than its baseline" in card(text, "ltv")
    assert "the card of wine cannot be made" in caplog.text


def test_the_sheet_tells_each_alert_once_and_what_to_do(site: Site, store: Store) -> None:
    ago = [NOW - timedelta(days=days) for days in range(4)]
    stored(
        store,
        result(ago[3], found(0.3), found(0.5, HOSTILE)),
        result(ago[2], found(0.31), found(0.2, "calm")),
        result(ago[1], found(0.32)),
    )
    answer = site.at("/alerts")
    assert answer.status_code == 200
    assert "<img" not in answer.text
    rows = list(csv.DictReader(io.StringIO(site.http.get("/dashboard/alerts/alerts.csv").text)))
    assert [(one["still"], one["times"], float(one["value"])) for one in rows] == [
        ("yes", "3", 0.32),
        ("not since", "1", 0.5),
    ]
    assert rows[0]["what"] == "population stability index"
    assert rows[0]["feature"] == "country_segment"
    assert "train again" in rows[0]["todo"]
    assert "1 figure is beyond its threshold now." in " ".join(Page(answer.text).texts("span"))
    assert "Lifetime value" in rows[0]["question"]


def test_runs_that_cannot_be_read_hide_no_other_alert(
    site: Site, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    stored(store, result(NOW, found()))
    with store.writing() as session:
        session.add(
            HANDLE.sums.monitor_results(id=first_id(NOW), made_at=NOW, crossed=True, result={})
        )
    page = Page(site.at("/alerts").text)
    assert "1 figure is beyond its threshold now." in " ".join(page.texts("span"))
    assert any("its stored runs cannot be read" in one for one in page.texts("li"))
    assert "the alerts of handle cannot be read" in caplog.text


def test_a_sheet_that_could_not_tell_everything_is_not_calm(site: Site, store: Store) -> None:
    stored(store, result(NOW, unknown=[Unknown(check="psi", why="there are too few users")]))
    said = " ".join(Page(site.at("/alerts").text).texts("span"))
    assert "Not everything can be told now." in said


def test_an_empty_sheet_says_that_nobody_may_have_looked(site: Site) -> None:
    page = Page(site.at("/alerts").text)
    assert "Nobody has looked yet" in " ".join(page.texts("span"))
    texts = page.texts("p")
    assert any("nothing is found while nobody looks" in " ".join(one.split()) for one in texts)


@pytest.mark.sqlite_alone
def test_whoever_signs_in_gets_to_the_sheet(
    store: Store, model: LtvModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A key that was made a moment ago works at once.
    monkeypatch.setattr(access, "REFRESH_SECONDS", 0.0)
    with site_on(store, model, mode="keys") as locked:
        asked = locked.at("/alerts")
        assert asked.status_code == 401
        assert "page=alerts" in asked.text
        entered = locked.sign_in(locked.key("reads", Scope.READ), "page=alerts")
        assert leads_to(entered) == "/dashboard/alerts"


@pytest.mark.sqlite_alone
def test_no_compartment_can_take_the_name_of_a_shared_page() -> None:
    assert set(SHARED) <= OF_THE_DASHBOARD
