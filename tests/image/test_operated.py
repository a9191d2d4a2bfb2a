"""Containers of the image as they are operated: killed, stopped, upgraded, behind a pooler."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from support import rolling
from support.databases import Postgres, count_rows, through
from support.half_sent import HalfSent
from support.poolers import WAYS, pooler
from support.proxy import cutting
from support.reverse_proxies import Kind
from support.served_containers import STOP_SECONDS, newer_image, served
from support.services import eventually
from support.users import user, users

from valuebox.store.engine import Store, make_engine

REPLACED_SECONDS = 60


@pytest.fixture
def database(postgres: Postgres) -> Iterator[tuple[str, Store]]:
    """The URL of an empty database, by which containers reach it, and a way past that."""
    url = postgres.new_database()
    store = Store(make_engine(url))
    with cutting(postgres.socket) as relay:
        yield through(url, relay.port), store
    store.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_a_worker_that_dies_is_replaced_and_the_log_and_the_gauges_say_so(
    built_model: str, workers: int
) -> None:
    with served(VALUEBOX_WORKERS=str(workers)) as service:
        service.await_health()
        eventually(lambda: service.gauge("valuebox_workers") == workers, REPLACED_SECONDS)
        dead = service.kill_worker()
        if workers > 1:
            eventually(lambda: service.gauge("valuebox_workers") == workers - 1)
        eventually(lambda: service.gauge("valuebox_workers") == workers, REPLACED_SECONDS)
        assert service.gauge("valuebox_workers_wanted") == workers
        said = [one["message"] for one in service.lines() if "died" in one["message"]]
        assert said == [
            f"the worker with process id {dead} has died; another is started in its place"
        ]
        assert service.predict(user(1))["model"] == built_model
        assert service.state()["RestartCount"] == 0
        service.stop()


def test_a_stop_under_load_refuses_nothing_and_loses_nothing(
    built_model: str, database: tuple[str, Store]
) -> None:
    url, store = database
    with served(DATABASE_URL=url, VALUEBOX_WORKERS="2", VALUEBOX_DRAIN_SECONDS="6") as service:
        service.await_health()
        with rolling.Load(service.url) as load:
            load.await_more(20)
            half = HalfSent(service.port)
            stopping = subprocess.Popen(
                ["docker", "stop", "--time", str(STOP_SECONDS), service.name],
                stdout=subprocess.DEVNULL,
            )
            eventually(lambda: not rolling.is_ready(service.port))
            load.await_more(20)
        assert half.finish() == 200
        assert stopping.wait(STOP_SECONDS) == 0
        assert service.state()["State"]["ExitCode"] == 0
        assert service.errors() == []
    assert set(load.answers) == {200}
    assert count_rows(store)["ltv_predictions"] == load.answers.total() + 1


@pytest.mark.parametrize("kind", ["haproxy", "nginx"])
def test_a_rolling_upgrade_and_its_rollback_refuse_nobody(
    built_model: str, database: tuple[str, Store], tmp_path: Path, kind: Kind
) -> None:
    url, store = database
    settings = {**rolling.SETTINGS, "DATABASE_URL": url}
    newer = newer_image(tmp_path)
    rolling.upgrade_and_go_back(
        kind,
        store,
        this=lambda port: served(port=port, **settings),
        newer=lambda port: served(newer, port, **settings),
    )


@pytest.mark.parametrize("way", WAYS)
def test_behind_a_pooler_requests_are_stored_once_and_have_their_limits(
    built_model: str, postgres: Postgres, way: str
) -> None:
    url = postgres.new_database()
    store = Store(make_engine(url))
    with (
        pooler(postgres, way) as port,
        served(DATABASE_URL=through(url, port), VALUEBOX_WORKERS="2") as service,
        httpx.Client(base_url=service.url, timeout=60) as http,
    ):
        service.await_health()
        for number, sent in enumerate((users(1), users(150, first_id=2))):
            headers = {"Idempotency-Key": f"key-{number}"}
            told = [
                http.post("/v1/ltv/predict", json=sent, headers=headers).raise_for_status()
                for _ in range(3)
            ]
            assert len({one.content for one in told}) == 1
        outcomes = [{"user_id": number, "target": 2.0} for number in range(1, 152)]
        assert http.post("/v1/ltv/outcomes", json=outcomes).json()["added"] == 151
        assert count_rows(store) == {
            "ltv_features": 151,
            "ltv_predictions": 151,
            "ltv_outcomes": 151,
        }
        with store.engine.begin() as other:
            other.execute(text("LOCK TABLE ltv_features IN ACCESS EXCLUSIVE MODE"))
            began = time.monotonic()
            refused = http.post("/v1/ltv/predict", json=users(1))
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            503,
            "database_unavailable",
        )
        assert time.monotonic() - began < 20
        service.stop()
    store.close()
