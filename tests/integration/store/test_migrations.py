import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, Uuid, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError
from support import warm
from support.databases import Postgres, count_rows
from support.services import eventually
from support.users import add_predictions, estimates, received, user

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.schemas import PredictionSearch
from valuebox.predictions.periods import PredictedPeriod
from valuebox.store import migrate
from valuebox.store.base import Base
from valuebox.store.compatibility import SchemaPromise, put_promise, works_from
from valuebox.store.engine import Store, make_engine
from valuebox.store.histories import OURS
from valuebox.store.ids import first_id, new_id
from valuebox.store.migrations.beside import build_index

TABLES = {"ltv_features", "ltv_predictions", "ltv_outcomes", "idempotent_requests", "api_keys"}
TABLES |= {"schema_promise", "customers", "events", "response_predictions"}
TABLES |= {"response_features", "response_outcomes", "prediction_periods", "prediction_settled"}
TABLES |= {"late_models", "feature_declarations", "feature_answers", "feature_monitor_results"}
TABLES |= {
    f"recommend_{name}" for name in ("items", "exposures", "experiments", "forgettings", "reports")
}
TABLES |= {f"offers_{name}" for name in ("decisions", "predictions", "outcomes", "promotions")}
TABLES |= {f"handle_{name}" for name in ("matches", "users", "bets", "loads", "askings")}
TABLES |= {f"handle_{name}" for name in ("predictions", "features", "outcomes", "revisions")}
SUMS = {"models", "folded", "passed_over", "arrivals", "prediction_bins", "feature_bins"}
SUMS |= {"cohorts", "cohort_scatter", "monitor_results"}
TABLES |= {
    f"{compartment}_{name}"
    for compartment in ("ltv", "response", "handle", "offers")
    for name in SUMS
}
MONTHS = {"cohort_months", "scatter_months", "prediction_months", "feature_months"}
TABLES |= {f"{compartment}_{name}" for compartment in ("ltv", "response") for name in MONTHS}
TABLES |= {"summed_months"}


def test_an_empty_database_reaches_the_newest_revision(database_url: str) -> None:
    engine = make_engine(database_url)
    assert inspect(engine).get_table_names() == []
    assert not migrate.is_current(engine)
    revision = migrate.upgrade(engine)
    assert migrate.is_current(engine)
    assert revision
    assert set(inspect(engine).get_table_names()) == {*TABLES, "alembic_version"}
    engine.dispose()


def test_the_newest_revision_is_told_without_alembic() -> None:
    assert OURS.scripts.get_current_head() == OURS.head


def test_upgrading_again_keeps_the_rows(store: Store) -> None:
    with store.writing() as session:
        add_predictions(session, new_id(), received([user()]), estimates(1.0), "ltv:a")
    before = count_rows(store)
    assert migrate.upgrade(store.engine) == migrate.upgrade(store.engine)
    assert count_rows(store) == before
    assert before["ltv_features"] == 1


def test_predictions_of_the_first_version_are_found_without_an_interval(database_url: str) -> None:
    store = Store(make_engine(database_url))
    row_id, request_id, now = new_id(), new_id(), datetime.now(UTC)
    with store.engine.begin() as connection:
        command.upgrade(OURS.config(connection), "0001")
        first = MetaData()
        first.reflect(connection)
        moments = {"received_at": now, "join_date": datetime(2019, 8, 1)}
        row = {"id": row_id, "request_id": request_id, "user_id": 7, **moments}
        connection.execute(insert(_typed(first.tables["ltv_features"])).values(row))
        row = {"id": row_id, "features_id": row_id, "predicted_at": now}
        row |= {"model": "ltv:first", "prediction": 2.5}
        connection.execute(insert(_typed(first.tables["ltv_predictions"])).values(row))
    migrate.upgrade(store.engine)
    with store.writing() as session:
        add_predictions(session, new_id(), received([user(8)]), estimates(4.0), "ltv:b")
    with store.reading() as session:
        found = repository.find_predictions(session, PredictionSearch()).predictions
    assert [(one.user_id, one.prediction, one.lower, one.upper) for one in found] == [
        (8, 4.0, 3.75, 4.5),
        (7, 2.5, None, None),
    ]
    store.close()


def _typed(table: Table) -> Table:
    """Reflected, but with ids as this code writes them: SQLite knows no such type."""
    for column in table.columns:
        if column.name.endswith("id") and column.name != "user_id":
            column.type = Uuid()
    return table


def test_processes_that_upgrade_one_database_at_once_all_succeed(postgres: Postgres) -> None:
    url = postgres.new_database()
    engine = make_engine(url)
    upgrade = [str(Path(sys.executable).with_name("valuebox")), "db", "upgrade"]
    upgrade += ["--database-url", url]
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with engine.begin() as gate:
        # On a busy machine they start more slowly than a transaction may wait.
        gate.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        # All of them have reached the lock before the first may pass.
        gate.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrate._LOCK})
        racers = [
            warm.Popen(upgrade, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(3)
        ]
        eventually(lambda: gate.scalar(waiting) == len(racers), seconds=60)
    answers = [racer.communicate(timeout=60)[0].decode() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0], answers
    assert migrate.is_current(engine)
    engine.dispose()


@pytest.mark.parametrize(("oldest", "goes_on"), [("0001", True), ("head", True), ("0999", False)])
def test_a_newer_version_says_which_older_ones_go_on(
    store: Store, oldest: str, goes_on: bool
) -> None:
    head = migrate.upgrade(store.engine)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
        promise = {"revision": "0999", "works_from": head if oldest == "head" else oldest}
        connection.execute(update(SchemaPromise).values(promise))
    assert migrate.is_current(store.engine) == goes_on
    if goes_on:
        # A replica of the older version that is started again, or gone back to, starts.
        assert migrate.upgrade(store.engine) == "0999"
    else:
        with pytest.raises(migrate.SchemaUnknown, match="0999"):
            migrate.upgrade(store.engine)


@pytest.mark.parametrize(
    ("promises", "oldest"),
    [
        ({}, "0004"),
        ({"0004": "0001"}, "0003"),
        ({"0004": "0001", "0003": "0002"}, "0002"),
        ({"0004": "0003", "0003": "0001"}, "0003"),
        ({"0004": "0001", "0003": "0001", "0002": "0001"}, "0001"),
    ],
)
def test_a_promise_is_kept_by_every_migration_since(
    tmp_path: Path, promises: dict[str, str], oldest: str
) -> None:
    (tmp_path / "versions").mkdir()
    for number in range(1, 5):
        revision, before = f"{number:04}", f"{number - 1:04}" if number > 1 else None
        lines = [f"revision = {revision!r}", f"down_revision = {before!r}"]
        if revision in promises:
            lines.append(f"works_from = {promises[revision]!r}")
        (tmp_path / "versions" / f"{revision}.py").write_text("\n".join(lines))
    assert works_from(ScriptDirectory(str(tmp_path))) == oldest


def test_stored_responses_are_judged_by_a_newer_version_as_well(database_url: str) -> None:
    engine = make_engine(database_url)
    request, start = new_id(), datetime(2025, 10, 1, tzinfo=UTC)
    with engine.begin() as connection:
        command.upgrade(OURS.config(connection), "0009")
        before = MetaData()
        before.reflect(connection, only=["response_predictions"])
        table = _typed(before.tables["response_predictions"])
        row = {"request_id": request, "model": "response:a", "probability": 0.5, "response": "like"}
        moments = {"starts_at": start, "ends_at": datetime(2025, 10, 31, tzinfo=UTC)}
        row |= moments | {"predicted_at": start, "source": "shop"}
        rows = [row | {"id": new_id(), "customer": who} for who in ("a", "b")]
        connection.execute(insert(table), rows)
    migrate.upgrade(engine)
    store = Store(engine)
    with store.reading() as session:
        (period,) = session.scalars(select(PredictedPeriod)).all()
    assert (period.compartment, period.request_id, period.source) == ("response", request, "shop")
    assert (period.judged_by, period.predictions, period.starts_at) == (None, 2, start)
    assert period.ends_at == period.due_at == datetime(2025, 10, 31, tzinfo=UTC)
    store.close()


def test_an_older_schema_is_brought_up_and_is_not_current_before(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        command.upgrade(OURS.config(connection), "0007")
    assert not migrate.is_current(engine)
    assert migrate.upgrade(engine) == OURS.head
    assert migrate.is_current(engine)
    engine.dispose()


def _stored_by_0011(url: str, *seconds: float) -> tuple[UUID, list[UUID]]:
    """A database of revision 0011 with the rows of one request, and the ids of it and of these.

    Args:
        url: Of an empty database.
        seconds: After its request by which a row was stored, by its clock; for each row.
    """
    engine = make_engine(url)
    now = datetime.now(UTC)
    request, ids = new_id(), [first_id(now + timedelta(seconds=after)) for after in seconds or (1,)]
    with engine.begin() as connection:
        command.upgrade(OURS.config(connection), "0011")
        put_promise(connection, OURS)
        before = MetaData()
        before.reflect(connection, only=["ltv_features", "ltv_predictions"])
        for user_id, row_id in enumerate(ids):
            moments = {"received_at": now, "join_date": datetime(2019, 8, 1)}
            row = {"id": row_id, "request_id": request, "user_id": user_id, **moments}
            connection.execute(insert(_typed(before.tables["ltv_features"])).values(row))
            row = {"id": row_id, "features_id": row_id, "predicted_at": now}
            row |= {"model": "ltv:a", "prediction": 2.5}
            connection.execute(insert(_typed(before.tables["ltv_predictions"])).values(row))
    engine.dispose()
    return request, ids


def test_rows_of_former_requests_are_found_by_request(database_url: str) -> None:
    # The clock may have been corrected while the body came.
    request, ids = _stored_by_0011(database_url, -2, 45)
    store = Store(make_engine(database_url))
    migrate.upgrade(store.engine)
    with store.reading() as session:
        found = repository.predictions_of(session, request)
        assert [(row.id, row.user_id) for row in found] == [(ids[0], 0), (ids[1], 1)]
        assert repository.predictions_of(session, new_id()) == []
        for never_made in (UUID(int=0), UUID(int=2**128 - 1), uuid4()):
            assert repository.predictions_of(session, never_made) == []
    store.close()


def test_a_table_that_somebody_holds_keeps_nobody_waiting_for_long(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_LOCK_MS", 100)
    url = postgres.new_database()
    _stored_by_0011(url)
    engine = make_engine(url)
    upgraded = threading.Thread(target=migrate.upgrade, args=(engine,))
    with engine.begin() as reader:
        reader.execute(text("SELECT count(*) FROM ltv_features"))
        upgraded.start()
        # Whoever stores meanwhile gets the table again and again, though it could not be changed.
        for _ in range(5):
            with engine.begin() as writer:
                writer.execute(text("UPDATE ltv_features SET hidden = 1"))
        assert upgraded.is_alive()
        assert not migrate.is_current(engine)
    upgraded.join(timeout=60)
    assert migrate.is_current(engine)
    engine.dispose()


def test_a_table_that_is_wanted_in_another_order_is_tried_again(postgres: Postgres) -> None:
    url = postgres.new_database()
    _stored_by_0011(url)
    engine = make_engine(url)
    waits = text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = to_regclass(:name)"
    )
    upgraded = threading.Thread(target=migrate.upgrade, args=(engine,))
    with engine.connect() as watcher, engine.begin() as pruning:
        pruning.execute(text("DELETE FROM ltv_predictions WHERE false"))
        upgraded.start()
        eventually(lambda: watcher.scalar(waits, {"name": "ltv_predictions"}))
        pruning.execute(text("DELETE FROM ltv_features WHERE false"))
    upgraded.join(timeout=60)
    assert migrate.is_current(engine)
    engine.dispose()


def test_replicas_that_upgrade_stored_rows_at_once_leave_no_index_behind(
    postgres: Postgres,
) -> None:
    url = postgres.new_database()
    _stored_by_0011(url)
    engine = make_engine(url)
    replicas = [threading.Thread(target=migrate.upgrade, args=(engine,)) for _ in range(2)]
    building = text("SELECT count(*) FROM pg_stat_progress_create_index")
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' AND query LIKE '%indisvalid%'"
    )
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as watcher, engine.begin() as writer:
        # Until this has ended, no index that is being built is valid.
        writer.execute(text("UPDATE ltv_features SET hidden = 1"))
        for replica, reached in zip(replicas, (building, waiting), strict=True):
            replica.start()
            eventually(lambda reached=reached: watcher.scalar(reached))
    for replica in replicas:
        replica.join(timeout=60)
    for table in ("ltv_features", "events"):
        found = {one["name"] for one in inspect(engine).get_indexes(table)}
        assert found == {one.name for one in Base.metadata.tables[table].indexes}
    engine.dispose()


def test_an_index_whose_building_was_cut_off_is_built_again(postgres: Postgres) -> None:
    engine = make_engine(postgres.new_database())
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("CREATE TABLE numbers AS VALUES (1), (1)"))
        with pytest.raises(IntegrityError):
            # Leaves an index that is not valid, as one does whose building was cut off.
            connection.execute(text("CREATE UNIQUE INDEX CONCURRENTLY found ON numbers (column1)"))
        is_valid = text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'found'::regclass")
        assert not connection.scalar(is_valid)
        for _ in range(2):
            build_index(connection, "found", "numbers (column1)")
            assert connection.scalar(is_valid)
    engine.dispose()


def test_a_revision_of_a_newer_version_is_refused(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    with pytest.raises(migrate.SchemaUnknown, match="'from_the_future'"):
        migrate.upgrade(store.engine)
    assert not migrate.is_current(store.engine)
