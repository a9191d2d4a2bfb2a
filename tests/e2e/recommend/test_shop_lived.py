"""A made-up shop is lived through with a real service, at another time than now."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select
from support.commands import valuebox
from support.services import Service

from valuebox.compartments.recommend.experiments import (
    begin_experiment,
    end_experiment,
    report_of,
)
from valuebox.compartments.recommend.proof.schemas import Experiment
from valuebox.compartments.recommend.tables import Exposure
from valuebox.facts.tables import Event

SESSIONS: Final = 40


@pytest.fixture(scope="module")
def lived(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A shop, with a day of its old system and a day of an experiment."""
    source, folder = "lived", tmp_path_factory.mktemp("shops")
    asked = ("--source", source, "--sessions", SESSIONS, "--days", 1, "--url", service.url)
    valuebox("recommend", "simulate", folder / "before", *asked, "--tell-only")
    laid = Experiment(name="spring", shares={"popular": 0.5, "personal": 0.5})
    with service.store.writing() as session:
        begin_experiment(session, source, laid)
    said, _ = valuebox("recommend", "simulate", folder / "after", *asked, "--after", 1, "--truth")
    assert "personal lists beside popular ones, in truth" in said
    with service.store.writing() as session:
        end_experiment(session, source, "spring")
    check_files(folder)
    return source


def check_files(folder: Path) -> None:
    names = [one.name for one in sorted(folder.glob("*/*.jsonl"))]
    assert names == ["2026-03-03.jsonl", "2026-03-02.jsonl"]


def test_lists_are_shown_at_the_times_of_the_shop(lived: str, service: Service) -> None:
    with service.store.reading() as session:
        shown = session.scalars(select(Exposure).where(Exposure.source == lived)).all()
    assert {one.at.date().isoformat() for one in shown} <= {"2026-03-03", "2026-03-04"}
    by_experiment = [one for one in shown if one.experiment == "spring"]
    assert {one.arm for one in by_experiment} >= {"popular", "personal"}
    # Visits are lived once more in the other arm, which is no part of the experiment.
    assert len([one for one in shown if one.experiment is None]) > SESSIONS


def test_events_are_those_of_both_days_and_clicks_name_their_lists(
    lived: str, service: Service
) -> None:
    with service.store.reading() as session:
        events = session.scalars(select(Event).where(Event.source == lived)).all()
        ids = set(session.scalars(select(Exposure.id).where(Exposure.source == lived)))
    days = {one.time.astimezone(UTC).date() for one in events}
    assert {datetime(2026, 3, day, tzinfo=UTC).date() for day in (2, 3)} <= days
    told = [one for one in events if "via" in (one.properties or {})]
    lists = {str(one) for one in ids}
    assert any(one.properties is not None and one.properties["via"] in lists for one in told)


def test_the_report_counts_the_visits_of_the_shop(lived: str, service: Service) -> None:
    with service.store.reading() as session:
        found = report_of(session, lived, "spring")
    arms = {one.name: one for one in found.arms}
    assert sum(one.sessions + one.robots for one in arms.values()) == pytest.approx(
        SESSIONS, abs=30
    )
    assert sum(one.clicked for one in arms.values()) > 0
    assert arms["personal"].clicked > arms["personal"].inferred
    views = {one.arm: one.value for one in found.figures if one.kpi == "views"}
    for arm in ("popular", "personal"):
        assert 1 < (views[arm] or 0) < 8
