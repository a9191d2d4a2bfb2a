"""Sums by month say what those by day do, whatever has changed since they were made."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from math import isclose
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from support import responded
from support.dashboards import show
from support.filled import Rows
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
        return [plain(getattr(found, one.name)) for one in fields(found)]
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
        return isinstance(other, float) and isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return bool(one == other)


def told(store: Store, ledger: Ledger, days: Selection) -> dict[str, Any]:
    """Whatever can be asked, by what it is."""
    asked = {**ASKED, **(SHARES if ledger.spread.is_calibrated else {})}
    with store.reading() as session:
        return {name: plain(ask(session, ledger, days)) for name, ask in asked.items()}


def assert_same(
    store: Store, ledger: Ledger, days: Selection, by_day: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Whatever can be asked is answered by months as by days alone; returns these answers."""
    with store.reading() as session:
        months = made_months(session, ledger)
    by_day = by_day or told(store, ledger, days)
    by_month = told(store, ledger, replace(days, months=months))
    for name, one in by_day.items():
        assert same(by_month[name], one), (name, days)
    return by_day


def make(store: Store, ledger: Ledger = LEDGER) -> int:
    """Make the sums of every month that has changed."""
    return make_months(store, ledger, Event(), rest=AT_ONCE)


def made(store: Store, ledger: Ledger = LEDGER) -> list[str]:
    with store.reading() as session:
        return sorted(f"{one:%Y-%m}" for one in made_months(session, ledger))


@pytest.fixture
def rows_of_store(model: LtvModel, data_dir: Path) -> Rows:
    """Users of a file who joined in several months, some of whom nothing is known yet."""

    def put(store: Store) -> None:
        known = read_users(data_dir / "train.csv")
        joined = known["join_date"]
        # Of every third day: what is compared is months and days, and not how many of these.
        show(store, model, known[(joined >= "2019-03-05") & (joined.dt.day % 3 == 2)])
        send(store, [{**one, "country_segment": None} for one in users(9, 10**9)], model)
        send(store, users(30, 2 * 10**9), model, "ltv:unknown")
        fold(store)

    return Rows("years", put)


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


def test_months_say_what_their_days_do(store: Store) -> None:
    count = make(store)
    assert count == len(made(store)) > 3
    for days in selections(*ends(store, LEDGER)):
        assert_same(store, LEDGER, days)
    assert make(store) == 0


def test_whole_months_are_read_without_their_days(store: Store) -> None:
    make(store)
    first, last = ends(store, LEDGER)
    with store.writing() as session:
        days = Selection(first, last, months=made_months(session, LEDGER))
        before = totals(session, LEDGER, days)
        cohorts = LEDGER.sums.cohorts
        for month in days.whole_months:
            session.execute(delete(cohorts).where(cohorts.day.between(month, last_of(month))))
        assert totals(session, LEDGER, days) == before
        assert totals(session, LEDGER, Selection(first, last)) != before
        session.rollback()


def test_a_month_that_changes_is_read_by_its_days_until_it_is_made_again(
    store: Store, model: LtvModel
) -> None:
    make(store)
    before = made(store)
    first, last = ends(store, LEDGER)
    joined = f"{first + timedelta(days=45)}T10:00:00"
    send(store, [{**one, "join_date": joined} for one in users(20, 3 * 10**9)], model)
    report(store, dict.fromkeys(range(3 * 10**9, 3 * 10**9 + 10), 99.0))
    fold(store)
    assert made(store) == [one for one in before if one != joined[: len("2019-07")]]
    chosen = selections(first, last)[::2]
    by_day = [assert_same(store, LEDGER, days) for days in chosen]
    assert make(store) == 1
    assert made(store) == before
    for days, expected in zip(chosen, by_day, strict=True):
        assert_same(store, LEDGER, days, expected)


def test_who_is_forgotten_is_in_no_month(store: Store, model: LtvModel) -> None:
    first, last = ends(store, LEDGER)
    user_id = 4 * 10**9
    lone = {**users(1, user_id)[0], "join_date": f"{last + timedelta(days=62)}T10:00:00"}
    send(store, [{**lone, "country_segment": "Atlantis"}], model)
    fold(store)
    make(store)
    months = LEDGER.sums.months
    assert months is not None
    named = select(months.cohorts).where(months.cohorts.segment == "Atlantis")
    with store.writing() as session:
        assert session.scalars(named).all()
        privacy.forget_users(session, [user_id])
    with store.reading() as session:
        assert not session.scalars(named).all()
    for days in selections(first, last + timedelta(days=100))[::2]:
        assert_same(store, LEDGER, days)


def test_months_that_are_not_at_rest_are_left_to_their_days(store: Store) -> None:
    assert Folding(store, LEDGER).fold(Event()) == (0, 0)
    assert timedelta(0) < REST
    assert made(store) == []
    assert Folding(store, LEDGER, rest=AT_ONCE).fold(Event()) == (0, 0)
    assert len(made(store)) > 3


def test_shares_by_month_are_those_by_day(store: Store) -> None:
    responded.season(store)
    responded.fold(store)
    assert make(store, RESPONSES) == len(made(store, RESPONSES)) > 0
    first, last = ends(store, RESPONSES)
    around = Selection(first.replace(day=1), (last.replace(day=1) + timedelta(days=40)))
    assert replace(around, months=frozenset([first.replace(day=1)])).whole_months
    assert_same(store, RESPONSES, around)
    assert_same(store, RESPONSES, replace(around, segment="bought"))
