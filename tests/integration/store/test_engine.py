import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from support.databases import PASSWORD, count_rows
from support.users import add_predictions, estimates, received, user

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.tables import LtvOutcome
from valuebox.store import migrate
from valuebox.store.deadline import within
from valuebox.store.engine import (
    CONNECT_TIMEOUT_SECONDS,
    IDLE_MS,
    Store,
    TooLate,
    make_engine,
)
from valuebox.store.ids import new_id


class Interrupted(Exception):
    """Anything that goes wrong within a unit of work."""


def test_a_unit_of_work_keeps_all_or_nothing(store: Store) -> None:
    def work(fails: bool) -> None:
        with store.writing() as session:
            add_predictions(session, new_id(), received([user()]), estimates(1.0), "ltv:a")
            repository.put_outcomes(session, {1: 2.0})
            if fails:
                raise Interrupted

    with pytest.raises(Interrupted):
        work(fails=True)
    assert count_rows(store) == {"ltv_features": 0, "ltv_predictions": 0, "ltv_outcomes": 0}
    work(fails=False)
    assert count_rows(store) == {"ltv_features": 1, "ltv_predictions": 1, "ltv_outcomes": 1}


def test_a_refused_row_takes_its_whole_unit_of_work_along(store: Store) -> None:
    refused = LtvOutcome(user_id=2, target=None)

    def work() -> None:
        with store.writing() as session:
            repository.put_outcomes(session, {1: 2.0})
            session.add(refused)

    with pytest.raises(IntegrityError):
        work()
    assert count_rows(store) == {"ltv_features": 0, "ltv_predictions": 0, "ltv_outcomes": 0}


def test_reading_changes_nothing(store: Store) -> None:
    with store.reading() as session:
        repository.put_outcomes(session, {1: 2.0})
    assert count_rows(store)["ltv_outcomes"] == 0


def test_a_database_is_current_while_it_answers_and_has_the_tables(
    store: Store, tmp_path: Path
) -> None:
    assert migrate.is_current(store.engine)
    with closed_port() as number:
        away = make_engine(f"postgresql://me@127.0.0.1:{number}/db")
        assert not migrate.is_current(away)
    assert not migrate.is_current(make_engine(f"sqlite:///{tmp_path}/empty.db"))


def test_a_lock_is_not_waited_for_until_the_client_is_gone(postgres_store: Store) -> None:
    store = postgres_store
    with store.engine.connect() as other:
        other.execute(text("LOCK TABLE ltv_predictions IN ACCESS EXCLUSIVE MODE"))
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"), store.writing() as session:
            add_predictions(session, new_id(), received([user(1)]), estimates(1.0), "ltv:x")
        assert time.monotonic() - began < 30
    assert count_rows(store) == {"ltv_features": 0, "ltv_predictions": 0, "ltv_outcomes": 0}


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that nobody listens at."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


@pytest.mark.parametrize("port", [closed_port, silent_port])
def test_an_unreachable_server_is_soon_said_to_be_away(
    port: Callable[[], AbstractContextManager[int]],
) -> None:
    with port() as number:
        store = Store(make_engine(f"postgresql://me:{PASSWORD}@127.0.0.1:{number}/db"))
        started = time.monotonic()
        with pytest.raises(migrate.DatabaseAway) as caught:
            migrate.upgrade(store.engine)
        assert time.monotonic() - started < 3 * CONNECT_TIMEOUT_SECONDS
    assert "the postgresql database does not answer" in str(caught.value)
    assert PASSWORD not in str(caught.value)
    store.close()


def test_waiting_for_a_database_ends_as_soon_as_it_answers(store: Store) -> None:
    started = time.monotonic()
    migrate.upgrade(store.engine, wait_seconds=60)
    assert time.monotonic() - started < 10


def test_nothing_is_stored_after_the_deadline(store: Store) -> None:
    def work(seconds: float) -> None:
        with within(seconds), store.writing() as session:
            add_predictions(session, new_id(), received([user()]), estimates(1.0), "ltv:a")

    # Too near to commit, and far enough for the statements to go through on a busy machine.
    with pytest.raises(TooLate):
        work(IDLE_MS / 1000)
    assert count_rows(store)["ltv_features"] == 0
    work(60)
    assert count_rows(store)["ltv_features"] == 1
