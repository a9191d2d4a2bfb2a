"""Tables of PostgreSQL into partitions by month: nothing that is promised depends on them."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Integer, inspect, text
from support.commands import only_line, valuebox
from support.databases import Postgres, count_rows
from support.partitions import (
    APRIL,
    DIVIDED,
    FEATURES,
    MAY,
    MILLISECOND,
    PASSED_OVER,
    PREDICTIONS,
    at,
    look_after,
    partitions,
    store_users,
    where,
)
from support.services import eventually
from support.users import add_predictions, estimates, received, users

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.schemas import PredictionSearch
from valuebox.compartments.register import by_month
from valuebox.serving.exchange import Exchange
from valuebox.serving.replays import Replays
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.ids import ids_from, new_id
from valuebox.store.migrations.beside import build_index
from valuebox.store.partitions import dividing
from valuebox.store.partitions.dividing import CannotDivide, divide
from valuebox.store.partitions.found import is_divided, pointing_to


def test_a_table_is_divided_without_copying_or_reading_its_rows_under_a_lock(
    postgres_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store_users(postgres_store, DIVIDED, 200)
    files = text("SELECT pg_relation_filenode(:name)")
    with postgres_store.reading() as session:
        before = session.scalar(files, {"name": FEATURES})
    indices = {one["name"] for one in inspect(postgres_store.engine).get_indexes(FEATURES)}
    monkeypatch.setenv("PGOPTIONS", "-c client_min_messages=debug1")
    store = Store(make_engine(postgres_store.engine.url.render_as_string(hide_password=False)))
    with caplog.at_level(logging.INFO, "sqlalchemy.dialects.postgresql"):
        assert divide(store.engine, by_month(), DIVIDED) == [*by_month()]
    store.close()
    first = f"{FEATURES}_before_2026_04"
    assert f'"{first}" is implied by existing constraints' in caplog.text
    with postgres_store.reading() as session:
        assert session.scalar(files, {"name": first}) == before
        assert session.scalar(text("SELECT count(*) FROM ltv_passed_over")) == 200
    looked = inspect(postgres_store.engine)
    assert {one["name"] for one in looked.get_indexes(FEATURES)} == indices
    assert looked.get_pk_constraint(FEATURES)["name"] == f"pk_{FEATURES}"
    with postgres_store.reading() as session:
        (key,) = pointing_to(session.connection(), FEATURES)
    assert (key.table, key.is_valid) == (PASSED_OVER.__tablename__, True)
    assert looked.get_check_constraints(FEATURES) == looked.get_check_constraints(first) == []
    assert migrate.is_current(postgres_store.engine)
    assert where(postgres_store) == {"before_2026_04": 200}


def test_rows_go_to_their_month_and_are_found_across_the_border(divided: Store) -> None:
    few = store_users(divided, APRIL - MILLISECOND, 2)
    many = store_users(divided, APRIL, 150, first_id=1_000)
    far = store_users(divided, datetime(2029, 1, 1, tzinfo=UTC), first_id=5_000)
    for table in (FEATURES, PREDICTIONS):
        assert where(divided, table) == {"before_2026_04": 5, "2026_04": 150, "rest": 1}
    with divided.reading() as session:
        for request, count in ((few, 2), (many, 150), (far, 1)):
            assert len(repository.predictions_of(session, request)) == count
        page = repository.find_predictions(session, PredictionSearch(page_size=1_000)).predictions
    ids = [one.prediction_id for one in page]
    assert len(ids) == 156
    assert ids == sorted(ids, reverse=True)


def test_a_key_that_comes_again_in_the_next_month_is_answered_and_not_stored(
    divided: Store,
) -> None:
    keyed = {"idempotency_key": "over the border"}
    with at(APRIL - MILLISECOND), divided.writing() as session:
        first = Exchange(**keyed)
        assert Replays(timedelta(days=1)).claim(session, first) is None
        add_predictions(session, first.request_id, received(users(2)), estimates(1, 2), "ltv:a")
    with at(APRIL + MILLISECOND), divided.writing() as session:
        again = Exchange(**keyed)
        assert Replays(timedelta(days=1)).claim(session, again) is not None
        assert again.request_id == first.request_id
        assert len(repository.predictions_of(session, again.request_id)) == 2


def test_an_id_is_stored_once_whichever_partition_it_is_in(divided: Store) -> None:
    for moment in (DIVIDED, APRIL, datetime(2029, 1, 1, tzinfo=UTC)):
        request = store_users(divided, moment)
        with pytest.raises(Exception, match="duplicate key"), divided.writing() as session:
            add_predictions(session, request, received(users(1)), estimates(1.0), "ltv:a")


def test_nobody_who_stores_meanwhile_is_refused(
    postgres_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Event()

    def keep_storing(first_id: int) -> int:
        stored = 0
        while not ended.is_set():
            # Few rows are prepared statements, many go by COPY.
            count = (1, 150)[stored % 2]
            request, sent = new_id(), received(users(count, first_id))
            told = estimates(*[1.0] * count)
            ids = ids_from(request, count)
            postgres_store.insert(repository.new_predictions(ids, request, sent, told, "ltv:a"))
            with postgres_store.reading() as session:
                assert len(repository.predictions_of(session, request)) == count
            stored += 1
        return sum((1, 150)[one % 2] for one in range(stored))

    with ThreadPoolExecutor(2) as pool:
        storing = [pool.submit(keep_storing, first_id) for first_id in (1, 10_000)]
        now = datetime.now(UTC)
        divide(postgres_store.engine, by_month(), now)
        look_after(postgres_store, monkeypatch, now + timedelta(days=90))
        eventually(lambda: count_rows(postgres_store)[FEATURES] > 1_000)
        ended.set()
        stored = sum(one.result() for one in storing)
    assert count_rows(postgres_store) == {FEATURES: stored, PREDICTIONS: stored, "ltv_outcomes": 0}


def cut_off(*_: object) -> None:
    raise KeyboardInterrupt


def begin_and_break_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin to divide tables, as somebody who is cut off before they are exchanged."""
    with monkeypatch.context() as patched:
        patched.setattr(dividing, "_exchange", cut_off)
        with pytest.raises(KeyboardInterrupt):
            divide(store.engine, by_month(), DIVIDED)


def test_whoever_was_cut_off_goes_on_where_he_was(
    postgres_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_break_off(postgres_store, monkeypatch)
    store_users(postgres_store, DIVIDED)
    assert divide(postgres_store.engine, by_month(), DIVIDED) == [*by_month()]
    assert divide(postgres_store.engine, by_month(), DIVIDED) == []
    assert where(postgres_store) == {"before_2026_04": 1}


def test_what_was_never_finished_refuses_no_row(
    postgres_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_break_off(postgres_store, monkeypatch)
    look_after(postgres_store, monkeypatch, APRIL - timedelta(days=4))
    assert len(inspect(postgres_store.engine).get_check_constraints(FEATURES)) == 1
    look_after(postgres_store, monkeypatch, APRIL - timedelta(days=2))
    store_users(postgres_store, APRIL)
    assert count_rows(postgres_store)[FEATURES] == 1
    assert divide(postgres_store.engine, by_month(), APRIL) == [*by_month()]
    assert where(postgres_store) == {"before_2026_05": 1}


def test_what_would_see_a_part_of_a_table_is_refused_by_name(postgres_store: Store) -> None:
    with postgres_store.engine.begin() as connection:
        connection.execute(text(f"CREATE VIEW reported AS SELECT * FROM {FEATURES}"))
    with pytest.raises(CannotDivide, match=f"view reported reads {FEATURES}"):
        divide(postgres_store.engine, by_month(), DIVIDED)
    store_users(postgres_store, MAY)
    with postgres_store.engine.begin() as connection:
        connection.execute(text("DROP VIEW reported"))
    with pytest.raises(CannotDivide, match="2026-05-01"):
        divide(postgres_store.engine, by_month(), DIVIDED)
    assert inspect(postgres_store.engine).get_check_constraints(FEATURES) == []
    store_users(postgres_store, MAY)


def test_whoever_may_read_a_table_may_still(postgres_store: Store) -> None:
    with postgres_store.engine.begin() as connection:
        connection.execute(text(f"GRANT SELECT ON {FEATURES} TO pg_monitor WITH GRANT OPTION"))
    rights = text("SELECT unnest(relacl)::text FROM pg_class WHERE oid = to_regclass(:name)")
    name = {"name": FEATURES}
    with postgres_store.reading() as session:
        before = {*session.scalars(rights, name)}
    divide(postgres_store.engine, by_month(), DIVIDED)
    with postgres_store.reading() as session:
        assert {*session.scalars(rights, name)} == before != set()


def test_a_later_migration_changes_every_partition(
    divided: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrate.migrating(divided.engine) as connection:
        operations = Operations(MigrationContext.configure(connection))
        operations.add_column(FEATURES, Column("more", Integer()))
        operations.create_index("ix_more", FEATURES, ["more"])
    with divided.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for _ in range(2):
            build_index(connection, "ix_beside", f"{FEATURES} USING btree (more, user_id)")
    look_after(divided, monkeypatch, MAY)
    store_users(divided, datetime(2026, 8, 1, tzinfo=UTC))
    assert migrate.upgrade(divided.engine)
    looked = inspect(divided.engine)
    for name in partitions(divided):
        found = looked.get_indexes(f"{FEATURES}_{name}")
        indexed = sorted(one["column_names"] for one in found)
        assert [one for one in indexed if "more" in one] == [["more"], ["more", "user_id"]]
    assert count_rows(divided) == {FEATURES: 4, PREDICTIONS: 4, "ltv_outcomes": 0}


def test_a_backup_is_restored_and_divided_again(
    divided: Store, postgres: Postgres, tmp_path: Path
) -> None:
    store_users(divided, APRIL, 2)
    url = divided.engine.url.render_as_string(hide_password=False)
    valuebox("backup", tmp_path / "backup", "--database-url", url)
    valuebox("restore", tmp_path / "backup", "--database-url", url, "--replace")
    with divided.reading() as session:
        assert not is_divided(session.connection(), FEATURES)
    assert count_rows(divided)[FEATURES] == 5
    for ended in ("has", "had"):
        said, _ = valuebox("db", "partition", "--database-url", url)
        assert said.splitlines() == [
            f"{one}: {ended} a partition for each month" for one in by_month()
        ]
    assert count_rows(divided)[PREDICTIONS] == 5


@pytest.mark.sqlite_alone
def test_sqlite_stays_as_it_is(store: Store) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    _, said = valuebox("db", "partition", "--database-url", url, exit_code=2)
    assert "only PostgreSQL" in only_line(said)
