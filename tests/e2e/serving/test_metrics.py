"""What Prometheus reads of two workers under load, and what is asked of it."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import yaml
from support import warm
from support.commands import only_line, valuebox
from support.dashboards import show
from support.databases import Postgres, count_rows
from support.killable import KillableServer
from support.offers import FIRST, question, raw, saved
from support.once import learned_once
from support.prometheus import (
    Prometheus,
    check_query,
    labels_of,
    parse,
    scraping,
    selectors,
)
from support.promtool import RULES, promtool
from support.services import ROOT, eventually
from support.users import users
from support.visitors import SHOP, look_around
from support.visitors import show as show_list

from valuebox.compartments.handle.ledger import LEDGER as HANDLE
from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.privacy import forget_users
from valuebox.compartments.offers.promoting import promote
from valuebox.compartments.recommend.listing import PERSONAL
from valuebox.compartments.recommend.proof.assignment import assign
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import put_events
from valuebox.facts.schemas import Event
from valuebox.predictions.monitoring.keeping import keep
from valuebox.predictions.monitoring.results import Figure, Finding, MonitorResult, Thresholds
from valuebox.store.engine import CONNECTIONS, Store, make_engine

NOT_OF_LTV = {
    *("valuebox_evidence", "valuebox_evidence_limit", "valuebox_monitor_figure"),
    "valuebox_feed_answers_total",
}
"""Metrics of a compartment that are none of lifetime values."""
DASHBOARD = ROOT / "ops" / "grafana" / "dashboards" / "valuebox.json"
FEATURES = ROOT / "examples" / "features"
PLAYER = {
    "declaration": "offers",
    "at": "2017-08-20T20:19:30Z",
    "customers": [{"source": "game", "id": "player-7", "session": "sunday"}],
}
WORKERS = 2


@dataclass(frozen=True)
class Watched:
    """Two workers that ask for API keys, and how many users they have predicted."""

    server: KillableServer
    database_url: str
    api_key: str
    folder: Path

    def ask(self, path: str, body: object) -> httpx.Response:
        """Over a connection of its own, so that either worker may answer."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        return httpx.post(f"{self.server.url}{path}", json=body, headers=headers, timeout=30)

    def load(self) -> None:
        """Some of everything that callers do."""
        known = users(30, missing=0.2, seed=1)
        strange = [{**one, "country_segment": "XX"} for one in users(3, seed=2)]
        for first in range(0, 30, 5):
            assert self.ask("/v1/ltv/predict", known[first : first + 5]).is_success
        assert self.ask("/v1/ltv/predict", strange).is_success
        self.load_of_offers()
        assert self.ask("/v1/features", PLAYER).is_success
        columns = {name: [one[name] for one in users(200)] for name in users(1)[0]}
        assert self.ask("/v1/ltv/predict/bulk", columns).is_success
        assert self.ask("/v1/ltv/outcomes", [{"user_id": 1, "target": 2.5}]).is_success
        assert self.ask("/v1/ltv/predictions/search", {}).is_success
        assert self.ask("/v1/ltv/model", {}).is_success
        assert self.ask("/v1/ltv/predict", []).status_code == 400
        assert self.ask("/v1/nothing", {}).status_code == 404

    def load_of_offers(self) -> None:
        """Players who are shown offers, one of whom buys."""
        for _ in range(5):
            asked = question("p", uuid4().hex, FIRST)
            assert self.ask("/v1/offers/decide", asked).is_success
        shown = raw("offer_shown", "p", asked["session"], FIRST)
        bought = raw("purchase", "p", asked["session"], FIRST, txn_amount="4.99")
        assert self.ask("/v1/events/raw", {"mapping": "game", "events": [shown, bought]}).is_success

    def exposition(self) -> str:
        headers = {"Authorization": f"Bearer {self.api_key}"}
        answer = httpx.get(f"{self.server.url}/metrics", headers=headers, timeout=30)
        assert answer.is_success
        return answer.text

    def value(self, sample: str, **labels: str) -> float:
        """The sum of all samples of that name with these labels."""
        return sum(
            one.value
            for family in parse(self.exposition()).values()
            for one in family.samples
            if one.name == sample and labels.items() <= one.labels.items()
        )


def monitor_july(url: str, model: LtvModel, data_dir: Path) -> None:
    """Have a month monitored, whose rows are gone when the service starts."""
    july = read_users(data_dir / "valid.csv")
    store = Store(make_engine(url))
    show(store, model, july)
    valuebox("monitor", "--database-url", url)
    with store.writing() as session:
        # As of a compartment with tests of its own; what it finds is told elsewhere.
        keep(session, HANDLE.sums.monitor_results, own_result())
        forget_users(session, july["user_id"].tolist())
    store.close()


def decide_offers(url: str) -> None:
    """Have a model of offers decide."""
    tag = learned_once("offers-of-conformance", lambda: saved("offers-of-conformance", 20))
    store = Store(make_engine(url))
    with store.writing() as session:
        promote(session, tag, "there was none before")
    store.close()


def recommend(url: str) -> None:
    """Have lists been shown to visitors of a shop."""
    store = Store(make_engine(url))
    look_around(store)
    for number in range(10):
        arm = assign(SHOP, "", f"s{number}", {PERSONAL: 1.0})
        show_list(store, f"s{number}", arm=arm)
    store.close()


def own_result() -> MonitorResult:
    """A result with a test and a figure of a compartment's own."""
    test = Finding(check="evidence", feature="broken level", value=4.2, limit=3.0, chance=0)
    return MonitorResult(
        compartment=HANDLE.name,
        made_at=datetime.now(UTC),
        thresholds=Thresholds(),
        drift=None,
        matured=None,
        label_lag_days=0,
        findings=[test],
        figures=[Figure(name="wape", segment="match day", value=0.08)],
    )


def declare_features(url: str) -> None:
    """Add a declaration, and store what a player did, before anything is counted."""
    valuebox("features", "add", FEATURES / "offers.toml", "--database-url", url)
    lines = (FEATURES / "events.jsonl").read_text().splitlines()
    store = Store(make_engine(url))
    with store.writing() as session:
        put_events(session, ArrivingEvents.of([*map(Event.model_validate_json, lines)]))
    store.close()


@pytest.fixture(scope="module")
def watched(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory, model: LtvModel, data_dir: Path
) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    url = postgres.migrated_database()
    key = valuebox("keys", "create", "all", "--scope", "admin", "--database-url", url)[0]
    monitor_july(url, model, data_dir)
    decide_offers(url)
    declare_features(url)
    recommend(url)
    settings = {
        "DATABASE_URL": url,
        "VALUEBOX_READ_URL": url,
        "VALUEBOX_MODEL": model.tag,
        "VALUEBOX_ACCESS": "keys",
        "VALUEBOX_WORKERS": str(WORKERS),
        # As in images of BentoML's own, where it would not replace a worker that dies.
        "BENTOML_CONTAINERIZED": "true",
    }
    server = KillableServer(settings, folder / "serve.log", begin=warm.Popen)
    yield Watched(server, url, only_line(key), folder)
    server.end()


@pytest.fixture(scope="module")
def exposition(watched: Watched) -> str:
    watched.load()
    eventually(lambda: watched.value("valuebox_recommend_sessions") > 0)
    # Either worker answers, and each looks up results for itself.
    eventually(
        lambda: all(
            watched.value("valuebox_ltv_monitored_timestamp_seconds") > 0 for _ in range(20)
        )
    )
    return watched.exposition()


@pytest.fixture(scope="module")
def prometheus(watched: Watched, exposition: str) -> Iterator[Prometheus]:
    """One that has seen everything go up."""
    with scraping(watched.server.url, watched.api_key, watched.folder) as started:
        for scrapes in (1, 2, 3):
            eventually(lambda least=scrapes: started.scrapes() >= least)
            watched.load()
        eventually(lambda: started.scrapes() > scrapes)
        yield started


def dashboard_queries() -> dict[str, str]:
    """By what they are for, as Grafana sends them while everything is shown."""
    dashboard = json.loads(DASHBOARD.read_text())
    queries = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    }
    for name in {one["name"] for one in dashboard["templating"]["list"]}:
        queries = {title: query.replace(f"${name}", ".*") for title, query in queries.items()}
    return {title: query.replace("$__rate_interval", "30s") for title, query in queries.items()}


def alert_queries() -> dict[str, str]:
    return {
        rule["alert"]: rule["expr"]
        for group in yaml.safe_load(RULES.read_text())["groups"]
        for rule in group["rules"]
    }


def test_every_worker_counts_for_all(watched: Watched, exposition: str) -> None:
    for path in ("/v1/ltv/predict", "/v1/ltv/predict/bulk"):
        assert watched.value("valuebox_rows_total", path=path) > 0
    store = Store(make_engine(watched.database_url))
    stored = count_rows(store)["ltv_predictions"]
    store.close()
    assert watched.value("valuebox_predictions_total", compartment="ltv") == stored
    # As dashboards and alerts know it that are older than the label.
    assert watched.value("valuebox_ltv_predictions_total") == stored
    answered = watched.value("valuebox_requests_total", path="/v1/ltv/predict")
    for stage in ("encode", "predict", "store"):
        name = "valuebox_stage_seconds_count"
        worked = watched.value(name, path="/v1/ltv/predict", stage=stage)
        assert worked == watched.value(
            "valuebox_requests_total", path="/v1/ltv/predict", status="200"
        )
    assert (
        watched.value("valuebox_stage_seconds_count", path="/v1/ltv/predict", stage="parse")
        == answered
    )
    assert watched.value("valuebox_errors_total", code="invalid_input") >= 1
    assert watched.value("valuebox_database_connections_limit") == WORKERS * CONNECTIONS


def test_decisions_about_offers_are_counted_by_how_they_were_drawn(
    watched: Watched, exposition: str
) -> None:
    drawn = watched.value("valuebox_offers_decisions_total")
    assert drawn == watched.value("valuebox_rows_total", path="/v1/offers/decide") > 0
    assert watched.value("valuebox_offers_decisions_total", draw="none") == 0
    assert drawn == watched.value("valuebox_predictions_total", compartment="offers")
    for type_ in ("offer_shown", "purchase"):
        assert watched.value("valuebox_events_total", type=type_) == drawn / 5


def test_features_are_counted_by_declaration(watched: Watched, exposition: str) -> None:
    of_offers = {"declaration": "offers"}
    answers = watched.value("valuebox_feature_answers_total", **of_offers)
    assert answers == watched.value("valuebox_rows_total", path="/v1/features") > 0
    assert watched.value("valuebox_feature_values_total", **of_offers) == 7 * answers
    # What is said of the offer itself was not sent.
    assert watched.value("valuebox_feature_missing_total", **of_offers) == 2 * answers
    assert watched.value("valuebox_feature_event_age_seconds_count", **of_offers) == answers


def test_services_below_one_home_keep_their_counts_apart(exposition: str) -> None:
    # BentoML empties this folder when another service starts.
    common = Path(os.environ["BENTOML_HOME"], "prometheus_multiproc_dir")
    assert list(common.glob("*.db")) == []


def test_counts_survive_a_worker_and_what_it_held_does_not(watched: Watched) -> None:
    watched.load()
    rows = watched.value("valuebox_rows_total")
    assert watched.value("valuebox_worker_deaths_total") == 0
    worker = watched.server.workers()[0]
    worker.kill()
    worker.wait(10)
    assert watched.value("valuebox_rows_total") == rows
    assert watched.value("valuebox_database_connections_limit") == (WORKERS - 1) * CONNECTIONS
    assert watched.value("valuebox_workers") == WORKERS - 1
    assert watched.value("valuebox_workers_wanted") == WORKERS
    eventually(
        lambda: watched.value("valuebox_database_connections_limit") == WORKERS * CONNECTIONS, 60
    )
    assert watched.value("valuebox_workers") == WORKERS
    log = (watched.folder / "serve.log").read_text()
    assert log.count(f"the worker with process id {worker.pid} has died") == 1
    assert log.count("has died") == 1
    assert watched.value("valuebox_worker_deaths_total") == 1
    watched.load()
    assert watched.value("valuebox_rows_total") > rows


def test_the_documented_metrics_are_those_that_are_exposed(exposition: str) -> None:
    documented = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(
            r"^\| `(valuebox_\w+)` \| (\w+) \|([^|]*)\|",
            (ROOT / "docs" / "metrics.md").read_text(),
            re.MULTILINE,
        )
    }
    exposed = {name: (one.type, labels_of(one)) for name, one in parse(exposition).items()}
    former = {name: exposed.pop(name) for name in tuple(exposed) if "_ltv_" in name}
    assert documented == exposed
    assert former == {
        name.replace("_", "_ltv_", 1): (kind, labels - {"compartment"})
        for name, (kind, labels) in documented.items()
        if "compartment" in labels and name not in NOT_OF_LTV
    }


@pytest.mark.parametrize("title", dashboard_queries())
def test_the_dashboard_asks_for_what_there_is(exposition: str, title: str) -> None:
    check_query(dashboard_queries()[title], exposition)


@pytest.mark.parametrize("alert", alert_queries())
def test_alerts_ask_for_what_there_is(exposition: str, alert: str) -> None:
    check_query(alert_queries()[alert], exposition)


@pytest.mark.parametrize("title", dashboard_queries())
def test_every_panel_shows_something(prometheus: Prometheus, title: str) -> None:
    values = prometheus.values(dashboard_queries()[title])
    assert any(value == value for value in values), "nothing but gaps"


@pytest.mark.parametrize("alert", alert_queries())
def test_alerts_are_evaluated_on_numbers(prometheus: Prometheus, alert: str) -> None:
    def rules() -> dict[str, dict[str, str]]:
        found = prometheus.ask("rules")["groups"]
        return {rule["name"]: rule for group in found for rule in group["rules"]}

    eventually(lambda: rules()[alert]["health"] != "unknown")
    assert rules()[alert]["health"] == "ok", rules()[alert].get("lastError")
    for selector in selectors(alert_queries()[alert]):
        assert prometheus.values(selector.text), f"there is no {selector.text}"


def test_promtool_finds_nothing_wrong(exposition: str) -> None:
    promtool("check", "metrics", stdin=exposition)
    promtool("check", "rules", RULES)
