"""A PostgreSQL that neither answers nor breaks its connections, and bounds for waiting for it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from support.databases import Postgres, count_rows, through
from support.proxy import FaultProxy, cutting
from support.services import eventually
from support.users import add_predictions, estimates, received, user

from valuebox.compartments.ltv.repository import new_predictions
from valuebox.store import migrate, watch
from valuebox.store.deadline import within
from valuebox.store.engine import CONNECTIONS, Store, TooLate, check_connections, make_engine
from valuebox.store.ids import ids_from, new_id
from valuebox.store.watch import ANSWER_SECONDS, LATELY_SECONDS, TICK_SECONDS
from valuebox.worker.readiness import Readiness

# The time that a loaded machine may take on top.
SLACK = 2.0
# More than the reserve that a unit of work keeps for its commit.
DEADLINE = 10.5


@pytest.fixture
def proxy(postgres: Postgres) -> Iterator[FaultProxy]:
    with cutting(postgres.socket) as started:
        yield started


@pytest.fixture
def far(postgres: Postgres, proxy: FaultProxy) -> Iterator[Store]:
    """A migrated database behind the proxy, with a connection that is open."""
    store = Store(make_engine(through(postgres.new_database(), proxy.port)))
    migrate.upgrade(store.engine)
    assert count_rows(store)["ltv_features"] == 0
    yield store
    store.close()


def add_one(store: Store) -> None:
    with store.writing() as session:
        add_predictions(session, new_id(), received([user()]), estimates(1.0), "ltv:a")


def open_connections(store: Store) -> int:
    with store.reading() as session:
        query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return session.execute(query).scalar_one()


def test_a_silent_server_is_given_up_at_the_deadline(far: Store, proxy: FaultProxy) -> None:
    with within(1.0), far.reading() as session:
        session.execute(text("SELECT 1"))
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(OperationalError):
            session.execute(text("SELECT 1"))
        assert time.monotonic() - began < 1.0 + TICK_SECONDS + SLACK
    proxy.resume()
    add_one(far)
    assert count_rows(far)["ltv_features"] == 1


def test_a_connection_without_a_sign_of_life_is_soon_given_up(
    far: Store, proxy: FaultProxy
) -> None:
    time.sleep(LATELY_SECONDS)
    proxy.stall()
    began = time.monotonic()
    with pytest.raises(OperationalError), within(60):
        add_one(far)
    # Once through the connection that was there, once through a new one.
    assert time.monotonic() - began < 2 * (ANSWER_SECONDS + TICK_SECONDS) + SLACK
    proxy.resume()
    add_one(far)
    assert count_rows(far)["ltv_features"] == 1


def test_lost_connections_are_replaced_before_they_are_used(far: Store, proxy: FaultProxy) -> None:
    time.sleep(LATELY_SECONDS)
    proxy.cut_at(b"SELECT", delivered=False)
    add_one(far)
    assert proxy.cut == 1
    assert count_rows(far)["ltv_features"] == 1


def test_one_that_has_just_answered_is_not_asked_again(
    far: Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LATELY_SECONDS", 60.0)
    proxy.cut_at(b"SELECT 1", delivered=False)
    add_one(far)
    assert proxy.cut == 0
    assert count_rows(far)["ltv_features"] == 1


def test_one_that_was_closed_since_it_answered_is_replaced(
    postgres: Postgres, postgres_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LATELY_SECONDS", 60.0)
    with postgres_store.reading() as session:
        process = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    postgres.execute(f"SELECT pg_terminate_backend({process}, 10000)")
    add_one(postgres_store)
    assert count_rows(postgres_store)["ltv_features"] == 1


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "swallowed"])
def test_a_commit_that_is_late_on_its_way_is_not_obeyed_after_it_was_given_up(
    postgres: Postgres, far: Store, proxy: FaultProxy, frozen: bool
) -> None:
    fail, mend = (postgres.freeze, postgres.thaw) if frozen else (proxy.stall, proxy.resume)
    with pytest.raises(DBAPIError):
        commit_into(far, fail, mend)
    assert count_rows(far)["ltv_features"] == 0
    add_one(far)


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "swallowed"])
def test_few_rows_that_are_late_on_their_way_are_not_stored_after_they_were_given_up(
    postgres: Postgres,
    far: Store,
    proxy: FaultProxy,
    monkeypatch: pytest.MonkeyPatch,
    frozen: bool,
) -> None:
    monkeypatch.setattr(watch, "LATELY_SECONDS", 60.0)
    monkeypatch.setattr("valuebox.store.engine._AT_ONCE_SECONDS", 0)
    fail, mend = (postgres.freeze, postgres.thaw) if frozen else (proxy.stall, proxy.resume)
    add_few(far)
    fail()
    threading.Timer(1.5, mend).start()
    with within(1.0), pytest.raises((DBAPIError, TooLate)):
        add_few(far)
    time.sleep(1.0)
    assert count_rows(far)["ltv_features"] == 1


def add_few(store: Store) -> None:
    request = new_id()
    sent = (received([user()]), estimates(1.0), "ltv:a")
    store.insert(new_predictions(ids_from(request, 1), request, *sent))


def commit_into(store: Store, fail: Callable[[], None], mend: Callable[[], None]) -> None:
    with within(DEADLINE), store.writing() as session:
        # As `IDLE_MS` does for every connection, but this test cannot wait for that.
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '1s'"))
        add_predictions(session, new_id(), received([user()]), estimates(1.0), "ltv:a")
        session.flush()
        fail()
        threading.Timer(2.0, mend).start()


def test_a_transaction_whose_client_is_gone_does_not_keep_its_locks(far: Store) -> None:
    with far.reading() as session:
        limit = session.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
    assert limit == "10s"


def test_work_without_a_deadline_takes_as_long_as_it_takes(far: Store) -> None:
    with far.reading() as session:
        session.execute(text("SELECT 1"))
        assert session.execute(text(f"SELECT pg_sleep({ANSWER_SECONDS + 1})")).one()


def test_a_time_that_was_kept_does_no_harm_to_the_next(far: Store) -> None:
    with within(0.5), far.reading() as session:
        session.execute(text("SELECT 1"))
    with far.reading() as session:
        assert session.execute(text("SELECT pg_sleep(1.5)")).one()


def test_one_thread_watches_and_ends_with_the_engine(postgres: Postgres) -> None:
    others = set(threading.enumerate())

    def watching() -> int:
        started = set(threading.enumerate()) - others
        return sum(one.name == "database-watch" for one in started)

    store = Store(make_engine(postgres.new_database()))
    assert watching() == 0
    for _ in range(2):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: open_connections(store), range(8)))
        assert watching() == 1
        store.close()
        eventually(lambda: watching() == 0)


def test_readiness_of_a_silent_database_is_denied_in_time_and_takes_one_thread(
    far: Store, proxy: FaultProxy
) -> None:
    def asking() -> int:
        return sum(one.name == "AnyIO worker thread" for one in threading.enumerate())

    async def ask() -> None:
        readiness = Readiness(far.engine)
        assert await readiness.check()
        proxy.stall()
        for _ in range(2):
            began = time.monotonic()
            answers = await asyncio.gather(*(readiness.check() for _ in range(30)))
            assert not any(answers)
            assert time.monotonic() - began < 3 + SLACK
            assert asking() == 1
        proxy.resume()
        began = time.monotonic()
        while not await readiness.check():
            assert time.monotonic() - began < 5

    asyncio.run(ask())


def test_no_more_connections_than_agreed(postgres_store: Store) -> None:
    sessions = [postgres_store.engine.connect() for _ in range(CONNECTIONS)]
    with pytest.raises(PoolTimeoutError):
        postgres_store.engine.connect()
    for session in sessions:
        session.close()
    assert open_connections(postgres_store) == CONNECTIONS


@pytest.mark.parametrize(("workers", "warned"), [(1, False), (1000, True)])
def test_too_many_workers_for_the_database_are_warned_of(
    store: Store, caplog: pytest.LogCaptureFixture, workers: int, warned: bool
) -> None:
    check_connections(store.engine, workers)
    said = [record.getMessage() for record in caplog.records if record.name == "valuebox"]
    if not warned or store.engine.dialect.name == "sqlite":
        assert said == []
    else:
        assert len(said) == 1
        assert f"1000 workers may open up to {1000 * CONNECTIONS} database connections" in said[0]
        assert "PostgreSQL allows 97;" in said[0]
