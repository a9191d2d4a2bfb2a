"""Sums are those over all rows, whatever the clocks of those who store them say."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Event

import pytest
from sqlalchemy import func, select
from support.sums import (
    assert_sums,
    clock_off,
    fold,
    report,
    send,
    stored_sums,
)
from support.users import user, users

from valuebox.compartments.ltv import privacy
from valuebox.compartments.ltv.expiry import prune_features
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.predictions.sums import folding
from valuebox.predictions.sums.folding import Folding
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import moment_of, new_id
from valuebox.store.suitability import ClockWrong, check_clock

HOUR = 3_600.0


@pytest.fixture(autouse=True)
def own_clock() -> Iterator[None]:
    yield
    CLOCK.forget()


def noted(store: Store) -> int:
    with store.reading() as session:
        return session.scalars(select(func.count()).select_from(LEDGER.sums.passed_over)).one()


@pytest.mark.slow
def test_rows_of_a_slow_replica_and_of_a_clock_that_is_set_are_summed(
    store: Store, model: LtvModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "BATCH", 7)
    monkeypatch.setattr(folding, "PAUSE_SECONDS", 0)
    first = count(1, 5)
    # Two replicas that are 120 s apart; one is two hours ahead for a while, and is set back.
    for off in (0, -120, 0, -120, 2 * HOUR, -120, 2 * HOUR, 0, -120, -2 * HOUR, 0):
        with clock_off(off):
            # Half of them were sent before, by whichever clock.
            send(store, users(10, first_id=next(first), missing=0.2), model)
        report(store, {next(first): 5.5, 3: float(off)})
        fold(store)
        assert_sums(store, model)
    assert stored_sums(store)["arrivals"]["rows"].sum() == 110
    assert fold(store) == (0, 0)


def test_many_rows_at_once_are_noted_too(postgres_store: Store, model: LtvModel) -> None:
    send(postgres_store, users(500), model)
    fold(postgres_store)
    with clock_off(-120):
        send(postgres_store, users(400, first_id=300), model)
    assert noted(postgres_store) == 400
    fold(postgres_store)
    assert noted(postgres_store) == 0
    assert_sums(postgres_store, model)


def test_right_clocks_leave_no_notes(store: Store, model: LtvModel) -> None:
    for _ in range(3):
        send(store, users(5), model)
        send(store, users(150, first_id=10), model)
        assert noted(store) == 0
        fold(store)


def test_a_row_that_was_added_ahead_of_its_time_is_not_added_again(
    postgres_store: Store, model: LtvModel
) -> None:
    with clock_off(90):
        send(postgres_store, users(30), model)
    assert Folding(postgres_store, LEDGER).fold(Event()) == (30, 0)
    assert noted(postgres_store) == 30
    # Until the sums have got there.
    later = Folding(postgres_store, LEDGER, settled=timedelta(seconds=-100))
    with clock_off(95):
        send(postgres_store, [user(99)], model)
    assert later.fold(Event()).rows == 1
    assert later.fold(Event()).rows == 0
    assert_sums(postgres_store, model)


def test_rows_of_wrong_clocks_are_forgotten_and_pruned_like_others(
    store: Store, model: LtvModel
) -> None:
    for off in (0, -120, 2 * HOUR):
        with clock_off(off):
            send(store, users(20), model)
    fold(store)
    with clock_off(-240):
        send(store, users(20), model)
    with store.writing() as session:
        privacy.forget_users(session, [1, 2, 3])
    fold(store)
    assert_sums(store, model)
    before = stored_sums(store)["cohorts"]
    with store.writing() as session:
        prune_features(session, datetime.now(UTC) + timedelta(days=1))
    assert noted(store) == 0
    assert stored_sums(store)["cohorts"].equals(before)


def test_a_wrong_clock_is_told_once_and_set_right(
    postgres_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with clock_off(-120), caplog.at_level(logging.WARNING, "valuebox"):
        with postgres_store.reading() as session:
            assert CLOCK.compare(session) == pytest.approx(120, abs=1)
            CLOCK.compare(session)
        off = moment_of(new_id()) - datetime.now(UTC)
    assert abs(off.total_seconds()) < 1
    (told,) = caplog.messages
    assert told.startswith("this machine's clock is 120.0 s behind the database's")
    assert CLOCK.is_right


@pytest.mark.parametrize(("off", "which"), [(-400, "behind"), (2 * HOUR, "ahead of")])
def test_a_clock_that_is_far_off_starts_no_service(
    postgres_store: Store, off: float, which: str
) -> None:
    said = f"{abs(off):,.0f} s {which} the database's"
    with (
        clock_off(off),
        postgres_store.reading() as session,
        pytest.raises(ClockWrong, match=said),
    ):
        check_clock(session)
    assert not CLOCK.is_right


def test_a_file_has_no_clock_of_its_own(store: Store) -> None:
    if store.engine.dialect.name == "sqlite":
        with clock_off(-120), store.reading() as session:
            assert CLOCK.compare(session) == 0
