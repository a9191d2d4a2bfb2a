"""Figures are counted now and then and kept, and whoever looks at them counts nothing."""

import tempfile
from datetime import timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from threading import Event

import psutil
import pytest
from sqlalchemy import update
from support.visitors import MINUTE, SHOP, show, store_events, view

from valuebox.compartments.recommend import reporting
from valuebox.compartments.recommend.desk import RecommendDesk
from valuebox.compartments.recommend.listing import PERSONAL, POPULAR
from valuebox.compartments.recommend.proof.assignment import HOLDBACK, assign
from valuebox.compartments.recommend.reporting import (
    BY_MONTH,
    OLD,
    is_due,
    kept_months,
    kept_proof,
    make_report,
    takes_long,
)
from valuebox.compartments.recommend.tables import Experiment, Report
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.worker.apart import NotDone, run_apart

LISTS = 40
SHARES = {PERSONAL: 0.5, POPULAR: 0.5}


def show_lists(store: Store, experiment: str | None) -> None:
    """Show lists to sessions as an experiment deals them out; one in four clicks."""
    now = CLOCK.moment()
    told = []
    for number in range(LISTS):
        name = f"{experiment}-{number}"
        arm = assign(SHOP, experiment or "", name, SHARES if experiment else {PERSONAL: 1.0})
        show(store, name, arm=arm, experiment=experiment)
        told.append(view(name, "boot", now - MINUTE))
        if number % 4 == 0:
            told.append(view(name, "lace", now + MINUTE))
    store_events(store, told)


def test_figures_by_month_are_of_all_lists_but_those_asked_for_by_name(store: Store) -> None:
    show_lists(store, None)
    show_lists(store, "spring")
    # Whoever asks for an arm by its name takes part in no comparison.
    other = POPULAR if assign(SHOP, "", "asked", {PERSONAL: 1.0}) == PERSONAL else PERSONAL
    show(store, "asked", arm=other)
    make_report(store, SHOP, BY_MONTH)
    with store.reading() as session:
        kept = kept_months(session, SHOP)
        assert not is_due(session, SHOP, BY_MONTH)
        assert kept_months(session, "another shop") is None
    assert kept is not None
    assert {one.month for one in kept.figures} == {f"{kept.made_at:%Y-%m}"}
    sessions = {one.arm: one.sessions for one in kept.figures}
    assert set(sessions) == {PERSONAL, POPULAR, HOLDBACK}
    assert sum(sessions.values()) == 2 * LISTS
    clicks = {one.arm: one.value for one in kept.figures if one.kpi == "clicks"}
    clicked = sum(clicks[arm] * count for arm, count in sessions.items())
    assert round(clicked) == 2 * LISTS / 4
    # What no purchase is told of is not 0.
    assert {one.kpi for one in kept.figures} == {"clicks", "views", "time", "bounces"}


def test_months_that_are_over_stay_and_a_report_is_made_anew_once_it_is_old(store: Store) -> None:
    show_lists(store, None)
    make_report(store, SHOP, BY_MONTH)
    with store.writing() as session:
        row = session.get(Report, (SHOP, BY_MONTH))
        assert row is not None
        was = [{**one, "month": month} for one in row.content["months"][:1] for month in months()]
        row.content = {"months": was}
        row.made_at -= OLD + timedelta(seconds=1)
    with store.reading() as session:
        assert is_due(session, SHOP, BY_MONTH)
    make_report(store, SHOP, BY_MONTH)
    with store.reading() as session:
        kept = kept_months(session, SHOP)
        assert not is_due(session, SHOP, BY_MONTH)
    assert kept is not None
    assert {one.month for one in kept.figures} == {months()[1], f"{kept.made_at:%Y-%m}"}
    # Of a report that takes a minute the next one is made more than an hour later.
    with store.writing() as session:
        session.execute(update(Report).values(seconds=60.0, made_at=CLOCK.moment() - 60 * OLD))
    with store.reading() as session:
        assert not is_due(session, SHOP, BY_MONTH)


def months() -> tuple[str, str]:
    """A month of more than a year ago, and one of some months ago."""
    now = CLOCK.moment()
    return f"{now - timedelta(days=500):%Y-%m}", f"{now - timedelta(days=130):%Y-%m}"


def test_the_report_of_an_experiment_is_kept_as_it_was_made(store: Store) -> None:
    plan = {"control": POPULAR, "primary": "views", "margins": {}, "planned": None}
    with store.writing() as session:
        now = CLOCK.moment()
        session.add(
            Experiment(
                source=SHOP, name="spring", shares=SHARES, plan={**plan, "holdback": 0.05},
                begins=now,
            )
        )  # fmt: skip
    show_lists(store, "spring")
    make_report(store, SHOP, "spring")
    with store.reading() as session:
        kept = kept_proof(session, SHOP, "spring")
        assert kept_proof(session, SHOP, "summer") is None
    assert kept is not None
    assert sum(one.sessions for one in kept.report.arms) == LISTS


@pytest.mark.sqlite_alone
def test_many_lists_are_counted_by_a_process_of_its_own_that_says_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_MANY", LISTS - 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    show_lists(store, None)
    desk = RecommendDesk(store, None)
    desk.snapshot(SHOP)
    before = getrusage(RUSAGE_CHILDREN)
    desk.report(Event())
    after = getrusage(RUSAGE_CHILDREN)
    with store.reading() as session:
        apart = kept_months(session, SHOP)
    make_report(store, SHOP, BY_MONTH)
    with store.reading() as session:
        here = kept_months(session, SHOP)
        # It took hardly a moment, and so the next one is made in the worker.
        assert not takes_long(session, SHOP, BY_MONTH)
    assert apart is not None
    assert here is not None
    assert apart.figures == here.figures
    assert after.ru_utime > before.ru_utime


@pytest.mark.sqlite_alone
def test_a_worker_that_ends_waits_for_no_report_and_leaves_no_process(store: Store) -> None:
    show_lists(store, None)
    stopping, children = Event(), psutil.Process().children
    stopping.set()
    others = set(children())
    run_apart(store, make_report, {"source": SHOP, "name": BY_MONTH}, stopping)
    assert set(children()) <= others
    with pytest.raises(NotDone, match="status 1"):
        run_apart(store, make_report, {"source": SHOP, "name": "not begun"}, Event())
    with store.reading() as session:
        assert is_due(session, SHOP, BY_MONTH)
