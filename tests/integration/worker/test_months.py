"""Months of tables in partitions: made ahead, and dropped when they are old."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Delete, event, select, text, update
from support.databases import count_rows
from support.partitions import (
    APRIL,
    DIVIDED,
    FEATURES,
    MAY,
    MILLISECOND,
    NEVER,
    PASSED_OVER,
    PREDICTIONS,
    expire,
    look_after,
    partitions,
    store_users,
    where,
)
from support.pruning import pruning

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.tables import LtvFeatures
from valuebox.store.engine import Store
from valuebox.store.partitions import ahead
from valuebox.store.partitions.dividing import divide
from valuebox.store.partitions.found import after, month_of


def test_old_months_are_dropped_and_the_rest_goes_by_row(divided: Store) -> None:
    before = APRIL + timedelta(days=9)
    store_users(divided, APRIL - MILLISECOND, 200, first_id=1_000)
    store_users(divided, before - MILLISECOND, 4, first_id=2_000)
    store_users(divided, before + timedelta(minutes=1), 5, first_id=3_000)
    rows: list[int] = []

    def executed(conn: Any, clause: Any, multi: Any, params: Any, options: Any, done: Any) -> None:
        if isinstance(clause, Delete) and clause.table.name in (FEATURES, PREDICTIONS):
            rows.append(done.rowcount)

    event.listen(divided.engine, "after_execute", executed)
    assert expire(divided, before) == {"features": 207, "predictions": 207}
    assert sum(rows) == 8
    for table in (FEATURES, PREDICTIONS):
        assert where(divided, table) == {"2026_04": 5}
        assert "before_2026_04" not in partitions(divided, table)
    with divided.reading() as session:
        # What is noted of a row goes with it.
        assert session.scalar(text("SELECT count(*) FROM ltv_passed_over")) == 5
    # What is of a month that was dropped, by a clock that is wrong, is refused nowhere.
    store_users(divided, DIVIDED)
    assert where(divided) == {"2026_04": 5, "rest": 1}
    assert expire(divided, before) == {"features": 1, "predictions": 1}


def test_a_month_that_somebody_reads_is_dropped_once_they_are_done(
    divided: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("valuebox.worker.months._SECONDS", 0)
    with divided.reading() as session:
        session.scalars(select(LtvFeatures)).all()
        keep = datetime.now(UTC) - MAY
        with caplog.at_level(logging.WARNING):
            assert not +pruning(divided, keep, timedelta(days=1)).prune(NEVER, patient=False)
    assert "old months of ltv_features, ltv_predictions could not be dropped" in caplog.text
    assert count_rows(divided)[FEATURES] == 3
    assert expire(divided, MAY) == {"features": 3, "predictions": 3}


def test_partitions_are_made_ahead(divided: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ["before_2026_04", "2026_04", "2026_05", "2026_06", "rest"]
    assert partitions(divided) == partitions(divided, PREDICTIONS) == made
    look_after(divided, monkeypatch, MAY)
    assert partitions(divided)[3:] == ["2026_06", "2026_07", "2026_08", "rest"]
    before = count_rows(divided)
    look_after(divided, monkeypatch, MAY)
    assert count_rows(divided) == before


def test_rows_that_came_before_their_partition_are_moved_there(
    divided: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    september = datetime(2026, 9, 2, tzinfo=UTC)
    request = store_users(divided, september, 150, first_id=1_000)
    with divided.writing() as session:
        session.execute(update(PASSED_OVER).values(is_summed=True))
    assert where(divided)["rest"] == 150
    look_after(divided, monkeypatch, september)
    for table in (FEATURES, PREDICTIONS):
        assert where(divided, table) == {"before_2026_04": 3, "2026_09": 150}
    with divided.reading() as session:
        assert len(repository.predictions_of(session, request)) == 150
        assert session.scalars(select(PASSED_OVER.is_summed)).all() == [True] * 153


def test_very_many_rows_without_a_partition_stay_where_they_are_until_they_expire(
    divided: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ahead, "MOST_MOVED", 1)
    september = datetime(2026, 9, 2, tzinfo=UTC)
    store_users(divided, september, 2)
    with caplog.at_level(logging.WARNING):
        look_after(divided, monkeypatch, september)
    assert "rows of 2026-09 are in ltv_features_rest" in caplog.text
    assert where(divided) == {"before_2026_04": 3, "rest": 2}
    assert partitions(divided)[-3:] == ["2026_11", "2026_12", "rest"]
    assert count_rows(divided)[PREDICTIONS] == 5


def test_tables_whose_rows_belong_together_are_not_dropped_apart(
    postgres_store: Store,
) -> None:
    store_users(postgres_store, DIVIDED, 3)
    divide(postgres_store.engine, [FEATURES], DIVIDED)
    assert expire(postgres_store, MAY) == {"features": 3, "predictions": 3}
    assert "before_2026_04" in partitions(postgres_store)


def test_months_follow_each_other_over_the_year() -> None:
    moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert [str(after(month_of(moment), count)) for count in (0, 1, 13)] == [
        *("2026-12-01", "2027-01-01", "2028-01-01")
    ]
