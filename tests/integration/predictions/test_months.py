"""Sums by month say what those by day do, whatever has changed since they were made."""

from collections.abc import Callable
from dataclasses import asdict, is_dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from support import responded
from support.dashboards import show
from support.sums import AT_ONCE, fold, report, send
from support.users import users

from valuebox.compartments.ltv import privacy
from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.response.ledger import LEDGER as RESPONSES
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums import calibration
from valuebox.predictions.sums.cohort_means import (
    cohort_means,
    judged_cohorts,
    nameable_cohorts,
    withheld_cohorts,
)
from valuebox.predictions.sums.drift import drift, drift_with_months
from valuebox.predictions.sums.folding import Folding
from valuebox.predictions.sums.months import REST, made_months, make_months
from valuebox.predictions.sums.queries import prediction_bins
from valuebox.predictions.sums.selection import Selection, last_of
from valuebox.predictions.sums.totals import totals
from valuebox.store.engine import Store

LEAST = 5
ASKED: dict[str, Callable[[Session, Ledger, Selection], Any]] = {
    "totals": totals,
    "cohorts": lambda *of: cohort_means(*of, "month"),
    "cohorts of many": lambda *of: cohort_means(*of, "month", LEAST),
    "days": lambda *of: cohort_means(*of, "day", LEAST),
    "judged": lambda *of: judged_cohorts(*of, ["month"], 20, LEAST),
    "withheld": lambda *of: withheld_cohorts(*of, "month", LEAST),
    "nameable": lambda *of: sorted(nameable_cohorts(*of, "month", LEAST)),
    "drift": drift,
    "drift by month": drift_with_months,
    "predictions": prediction_bins,
}
SHARES = {"calibration": calibration.deciles, "lifts": calibration.lifts}


def plain(found: Any) -> Any:
    """What was found, for `approx`: dataclasses as lists of their values."""
    if is_dataclass(found) and not isinstance(found, type):
        return plain(list(asdict(found).values()))
    if isinstance(found, list | tuple):
        return [plain(one) for one in found]
    if isinstance(found, dict):
        return plain(list(found.items()))
    return found


def same(one: Any, other: Any) -> bool:
    """Whether both are equal, broken numbers but for the order that they are added in."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return isinstance(other, float) and one == pytest.approx(other, rel=1e-12, abs=1e-12)
    return bool(one == other)


def assert_same(store: Store, ledger: Ledger, days: Selection) -> None:
    """Whatever can be asked is answered by months as by days alone."""
    asked = {**ASKED, **(SHARES if ledger.spread.is_calibrated else {})}
    with store.reading() as session:
        months = made_months(session, ledger)
        for name, ask in asked.items():
            by_day = plain(ask(session, ledger, days))
            by_month = plain(ask(session, ledger, replace(days, months=months)))
            assert same(by_month, by_day), (name, days)


def make(store: Store, ledger: Ledger = LEDGER) -> int:
    """Make the sums of every month that has changed."""
    return make_months(store, ledger, Event(), rest=AT_ONCE)


def made(store: Store, ledger: Ledger = LEDGER) -> list[str]:
    with store.reading() as session:
        return sorted(f"{one:%Y-%m}" for one in made_months(session, ledger))


@pytest.fixture
def years(store: Store, model: LtvModel, data_dir: Path) -> Store:
    """Users of a file who joined in several months, some of whom nothing is known yet."""
    show(store, model, read_users(data_dir / "train.csv"))
    send(store, [{**one, "country_segment": None} for one in users(9, 10**9)], model)
    send(store, users(30, 2 * 10**9), model, "ltv:unknown")
    fold(store)
    return store


def selections(first: date, last: date) -> list[Selection]:
    """All days, and days that begin and end within months, of segments and of a model."""
    return [
        Selection(first, last),
        Selection(first, last, "US"),
        Selection(first, last, ("US", "GB"), "ltv:unknown"),
        Selection(first + timedelta(days=9), last - timedelta(days=40)),
        Selection(first + timedelta(days=40), first + timedelta(days=55)),
        Selection(),
    ]


def ends(store: Store, ledger: Ledger) -> tuple[date, date]:
    with store.reading() as session:
        days = list(session.scalars(select(ledger.sums.cohorts.day)))
    return min(days), max(days)


def test_months_say_what_their_days_do(years: Store) -> None:
    count = make(years)
    assert count == len(made(years)) > 3
    for days in selections(*ends(years, LEDGER)):
        assert_same(years, LEDGER, days)
    assert make(years) == 0


def test_whole_months_are_read_without_their_days(years: Store) -> None:
    make(years)
    first, last = ends(years, LEDGER)
    with years.writing() as session:
        days = Selection(first, last, months=made_months(session, LEDGER))
        before = totals(session, LEDGER, days)
        cohorts = LEDGER.sums.cohorts
        for month in days.whole_months:
            session.execute(delete(cohorts).where(cohorts.day.between(month, last_of(month))))
        assert totals(session, LEDGER, days) == before
        assert totals(session, LEDGER, Selection(first, last)) != before
        session.rollback()


def test_a_month_that_changes_is_read_by_its_days_until_it_is_made_again(
    years: Store, model: LtvModel
) -> None:
    make(years)
    before = made(years)
    first, last = ends(years, LEDGER)
    joined = f"{first + timedelta(days=45)}T10:00:00"
    send(years, [{**one, "join_date": joined} for one in users(20, 3 * 10**9)], model)
    report(years, dict.fromkeys(range(3 * 10**9, 3 * 10**9 + 10), 99.0))
    fold(years)
    assert made(years) == [one for one in before if one != joined[: len("2019-07")]]
    for days in selections(first, last):
        assert_same(years, LEDGER, days)
    assert make(years) == 1
    assert made(years) == before
    for days in selections(first, last):
        assert_same(years, LEDGER, days)


def test_who_is_forgotten_is_in_no_month(years: Store, model: LtvModel) -> None:
    first, last = ends(years, LEDGER)
    user_id = 4 * 10**9
    lone = {**users(1, user_id)[0], "join_date": f"{last + timedelta(days=62)}T10:00:00"}
    send(years, [{**lone, "country_segment": "Atlantis"}], model)
    fold(years)
    make(years)
    months = LEDGER.sums.months
    assert months is not None
    named = select(months.cohorts).where(months.cohorts.segment == "Atlantis")
    with years.writing() as session:
        assert session.scalars(named).all()
        privacy.forget_users(session, [user_id])
    with years.reading() as session:
        assert not session.scalars(named).all()
    for days in selections(first, last + timedelta(days=100)):
        assert_same(years, LEDGER, days)


def test_months_that_are_not_at_rest_are_left_to_their_days(years: Store) -> None:
    assert Folding(years, LEDGER).fold(Event()) == (0, 0)
    assert timedelta(0) < REST
    assert made(years) == []
    assert Folding(years, LEDGER, rest=AT_ONCE).fold(Event()) == (0, 0)
    assert len(made(years)) > 3


def test_shares_by_month_are_those_by_day(store: Store) -> None:
    responded.season(store)
    responded.fold(store)
    assert make(store, RESPONSES) == len(made(store, RESPONSES)) > 0
    first, last = ends(store, RESPONSES)
    around = Selection(first.replace(day=1), (last.replace(day=1) + timedelta(days=40)))
    assert replace(around, months=frozenset([first.replace(day=1)])).whole_months
    assert_same(store, RESPONSES, around)
    assert_same(store, RESPONSES, replace(around, segment="bought"))
