"""Dashboards and reports read a replica, say how old that is, and do without one that is away."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from support.databases import open_store
from support.replicas import Replicated, replicated
from support.services import eventually, running
from support.sums import fold
from support.users import user

from valuebox.compartments.ltv.model import LtvModel
from valuebox.store import replica
from valuebox.store.engine import Store
from valuebox.store.replica import Reads
from valuebox.store.urls import BadDatabaseUrl


@pytest.fixture(scope="module")
def servers() -> Iterator[Replicated]:
    with replicated() as servers:
        yield servers


@pytest.fixture
def url(servers: Replicated) -> str:
    url = servers.primary.migrated_database()
    servers.catch_up()
    return url


@pytest.fixture
def primary(url: str) -> Iterator[Store]:
    store = open_store(url)
    yield store
    store.close()


def names(store: Store) -> int:
    with store.reading() as session:
        return session.execute(text("SELECT count(*) FROM customers")).scalar_one()


def add(store: Store, name: str) -> None:
    with store.writing() as session:
        session.execute(
            text("INSERT INTO customers (source, id, received_at, changed_at) "
                 "VALUES ('shop', :name, now(), now())"), {"name": name}
        )  # fmt: skip


def test_without_a_replica_the_database_itself_is_read(primary: Store) -> None:
    assert Reads(primary).choose() == (primary, False, 0.0)


def test_a_replica_is_read_and_tells_how_old_it_is(
    servers: Replicated, primary: Store, url: str
) -> None:
    reads = Reads(primary, servers.copied(url))
    add(primary, "anna")
    servers.catch_up()
    eventually(lambda: reads.choose().seconds_behind == 0)
    source = reads.choose()
    assert (source.is_replica, names(source.store)) == (True, 1)
    servers.replica.execute("SELECT pg_wal_replay_pause()")
    try:
        add(primary, "berta")
        eventually(lambda: (reads.choose().seconds_behind or 0) > 0.5)
        assert (names(reads.choose().store), names(primary)) == (1, 2)
    finally:
        servers.replica.execute("SELECT pg_wal_replay_resume()")
    servers.catch_up()
    assert names(reads.choose().store) == 2
    reads.close()


def test_one_that_does_not_answer_is_passed_over_until_it_does(
    servers: Replicated,
    primary: Store,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "valuebox")
    monkeypatch.setattr(replica, "AWAY_SECONDS", 0.2)
    reads = Reads(primary, servers.copied(url))
    assert reads.choose().is_replica
    servers.replica.stop()
    try:
        for _ in range(3):
            assert reads.choose() == (primary, False, 0.0)
    finally:
        servers.replica.start()
    eventually(lambda: reads.choose().is_replica)
    assert caplog.messages == [
        "the replica does not answer: dashboards and reports read the database itself meanwhile",
        "the replica answers again: dashboards and reports read it",
    ]
    reads.close()


def test_a_database_that_is_no_replica_cannot_tell_its_age(
    servers: Replicated, primary: Store, caplog: pytest.LogCaptureFixture
) -> None:
    reads = Reads(primary, servers.primary.migrated_database())
    source = reads.choose()
    assert (source.is_replica, source.seconds_behind) == (True, None)
    reads.close()
    empty = Reads(primary, servers.primary.new_database())
    assert empty.choose().store is primary
    assert "is not at this version's schema" in caplog.text
    empty.close()


def test_an_address_that_is_none_is_refused_by_the_name_of_its_setting(primary: Store) -> None:
    for wrong in ("sqlite:///a.db", "mysql://somewhere/db"):
        with pytest.raises(BadDatabaseUrl, match=r"^VALUEBOX_READ_URL names"):
            Reads(primary, wrong)


def test_a_replica_of_sqlite_is_refused(primary: Store, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/valuebox.db")
    with pytest.raises(BadDatabaseUrl, match="VALUEBOX_READ_URL names a replica, and"):
        Reads(store, primary.engine.url.render_as_string(hide_password=False))
    store.close()


def test_pages_of_a_service_come_from_the_replica_and_answers_do_not(
    servers: Replicated, url: str, model: LtvModel, tmp_path: Path
) -> None:
    settings = {
        "VALUEBOX_MODEL": model.tag,
        "VALUEBOX_READ_URL": servers.copied(url),
        "VALUEBOX_LEAST_USERS": "1",
    }
    with running(url, tmp_path, settings) as service:
        http = service.http

        def cohorts() -> int:
            return len(http.get("/dashboard/cohorts.csv").text.splitlines()) - 1

        service.predict([user(1)])
        fold(service.store)
        servers.catch_up()
        assert cohorts() == 1
        servers.replica.execute("SELECT pg_wal_replay_pause()")
        try:
            service.predict([user(2, join_date="2019-08-09")])
            fold(service.store)
            assert cohorts() == 1
            assert "\nvaluebox_replica_answers 1.0\n" in http.get("/metrics").text
            for page in ("/dashboard", "/dashboard?compartment=ltv", "/dashboard/recommend"):
                assert "Read from a replica, as of " in http.get(page).text
            # What has to see what was stored asks the database itself.
            found = http.post("/v1/ltv/predictions/search", json={"user_ids": [2]}).json()
            assert len(found["predictions"]) == 1
            assert "User 2" in http.get("/dashboard/search?q=2").text
            event = {"source": "shop", "id": "1", "customer": "anna", "type": "bought"}
            event["time"] = "2026-11-01T10:00:00Z"
            assert http.post("/v1/events", json=[event]).is_success
            report = http.post("/v1/growth/report", json={})
            assert (report.status_code, report.json()["types"]) == (200, [])
        finally:
            servers.replica.execute("SELECT pg_wal_replay_resume()")
        servers.replica.stop()
        try:
            assert cohorts() == 2
            assert "replica" not in http.get("/dashboard").text
            assert "the replica does not answer" in service.log_file.read_text()
        finally:
            servers.replica.start()
