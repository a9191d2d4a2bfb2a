"""What a worker does beside its requests: sums, and the last result of monitoring as gauges."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from support.dashboards import as_sent
from support.databases import Postgres, through
from support.proxy import FaultProxy, cutting
from support.services import eventually
from support.sums import AT_ONCE, assert_sums, fold, report, send, stored_sums
from support.users import users

from valuebox.compartments.ltv.features import CATEGORICAL, FEATURES
from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.predictions import upkeep as upkeeping
from valuebox.predictions.monitoring.checks import monitor
from valuebox.predictions.monitoring.gauges import MonitorGauges
from valuebox.predictions.monitoring.keeping import keep
from valuebox.predictions.monitoring.results import MonitorResult, Thresholds
from valuebox.predictions.monitoring.watched import watched_ledger
from valuebox.predictions.sums.folding import Folding
from valuebox.predictions.upkeep import upkeep
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.ids import new_id
from valuebox.worker import repeating as repeating_module
from valuebox.worker.repeating import Repeating, stop


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the next turn."""
    monkeypatch.setattr(upkeeping, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(upkeeping, "EVERY_SECONDS", 0.05)


@pytest.fixture
def working(often: None, store: Store) -> Iterator[MonitorGauges]:
    """The gauges of a worker that is at it."""
    gauges = MonitorGauges()
    repeating = upkeep(store, [Folding(store, LEDGER, AT_ONCE)], [watched_ledger(LEDGER)], gauges)
    repeating.start()
    yield gauges
    stop(repeating)


def monitored(store: Store) -> MonitorResult:
    """A result that was stored."""
    with store.writing() as session:
        result = monitor(session, LEDGER, Thresholds())
        keep(session, LEDGER.sums.monitor_results, result)
    return result


def told(gauges: MonitorGauges) -> dict[str, dict[str, float]]:
    """Their values, by name, then by their label; without what the process has counted besides."""
    return {
        family.name.removeprefix("valuebox_"): {
            "".join(text for name, text in one.labels.items() if name != "compartment"): one.value
            for one in family.samples
        }
        for family in gauges.collect()
    }


def test_rows_and_outcomes_are_added_up(
    working: MonitorGauges, store: Store, model: LtvModel
) -> None:
    send(store, users(50), model)
    eventually(lambda: stored_sums(store)["arrivals"]["rows"].sum() == 50)
    report(store, {1: 2.5, 2: 3.5})
    eventually(lambda: stored_sums(store)["cohorts"]["known_users"].sum() == 2)
    assert_sums(store, model)


def test_gauges_tell_the_last_result(
    working: MonitorGauges, store: Store, model: LtvModel, data_dir: Path
) -> None:
    assert "monitored_timestamp_seconds" not in told(working)
    july = read_users(data_dir / "valid.csv").assign(aff_type=None)
    send(store, as_sent(july), model)
    report(store, dict(zip(july["user_id"].tolist(), july["target"].tolist(), strict=True)))
    Folding(store, LEDGER, AT_ONCE).fold(Event(), patient=True)
    result = monitored(store)
    assert result.drift is not None
    assert result.matured is not None
    made_at = {"": result.made_at.timestamp()}
    eventually(lambda: told(working).get("monitored_timestamp_seconds") == made_at)
    found = told(working)
    assert found["drift_psi"] == {one.feature: one.psi for one in result.drift.features}
    assert set(found["missing_share"]) == set(FEATURES)
    assert found["missing_share"]["aff_type"] == 1
    assert set(found["unseen_share"]) == set(CATEGORICAL)
    assert found["cohort_error"] == {"": result.matured.error}
    assert found["cohort_actual"] == {"": result.matured.actual}
    assert found["label_lag_seconds"] == {"": 0}
    assert found["monitor_crossed"]["missing"] == 1
    assert set(found["monitor_crossed"]) == {
        "psi",
        "missing",
        "unseen",
        "error",
        "lag",
        "evidence",
    }


def test_a_result_of_another_version_holds_up_nothing(
    working: MonitorGauges, store: Store, model: LtvModel
) -> None:
    with store.writing() as session:
        unknown = {"id": new_id(), "made_at": datetime.now(UTC), "crossed": False, "result": {}}
        session.add(LEDGER.sums.monitor_results(**unknown))
    send(store, users(50), model)
    eventually(lambda: stored_sums(store)["arrivals"]["rows"].sum() == 50)
    assert told(working) == {}


@pytest.fixture
def proxy(postgres: Postgres) -> Iterator[FaultProxy]:
    with cutting(postgres.socket) as started:
        yield started


def test_reading_gauges_waits_for_no_database(
    often: None, postgres: Postgres, proxy: FaultProxy, model: LtvModel
) -> None:
    store = Store(make_engine(through(postgres.new_database(), proxy.port)))
    migrate.upgrade(store.engine)
    send(store, users(50), model)
    fold(store)
    first = monitored(store)
    gauges = MonitorGauges()
    repeating = upkeep(store, [Folding(store, LEDGER, AT_ONCE)], [watched_ledger(LEDGER)], gauges)
    repeating.start()
    eventually(lambda: "monitored_timestamp_seconds" in told(gauges))
    proxy.stall()
    began = time.monotonic()
    for _ in range(20):
        time.sleep(0.01)
        at = told(gauges)["monitored_timestamp_seconds"][""]
    assert at == first.made_at.timestamp()
    assert time.monotonic() - began < 2
    proxy.resume()
    second = monitored(store)
    eventually(
        lambda: told(gauges)["monitored_timestamp_seconds"][""] == second.made_at.timestamp()
    )
    stop(repeating)
    store.close()


def test_what_is_seldom_done_is_tried_again_sooner_when_it_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repeating_module, "_AGAIN_SECONDS", 0.001)
    turns: list[str] = []

    def work(_: object) -> None:
        turns.append("")
        if len(turns) < 3:
            raise OSError

    hourly = Repeating("test", work, 0, 3_600, "it failed")
    hourly.start()
    eventually(lambda: len(turns) == 3)
    time.sleep(0.02)
    assert len(turns) == 3
    stop(hourly)


def test_what_fails_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    turns: list[str] = []

    def work(_: object) -> None:
        turns.append("")
        if len(turns) in (2, 3, 4, 6):
            raise OSError

    repeating = Repeating("test", work, 0, 0.001, "it failed")
    with caplog.at_level(logging.ERROR, "valuebox"):
        repeating.start()
        eventually(lambda: len(turns) > 8)
        stop(repeating)
    assert [one.message for one in caplog.records] == ["it failed", "it failed"]
    after = len(turns)
    time.sleep(0.02)
    assert len(turns) == after
