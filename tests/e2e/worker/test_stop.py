"""A service that is told to stop while it has something to do."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from sqlalchemy import text
from support import warm
from support.databases import count_rows
from support.half_sent import ONE_USER, HalfSent
from support.services import ROOT, eventually

from valuebox.store.engine import Store, make_engine
from valuebox_cli.server import free_port

DRAIN = 2


@dataclass(frozen=True)
class Stoppable:
    """A `bentoml serve` that is the first of its own process group."""

    process: "subprocess.Popen[bytes]"
    workers: list[psutil.Process]
    url: str
    port: int

    def status(self, path: str) -> int:
        """Of an answer to a request with a connection of its own."""
        if path == "/readyz":
            return httpx.get(f"{self.url}{path}", timeout=10).status_code
        return httpx.post(f"{self.url}{path}", json={}, timeout=10).status_code

    def begin(self, content: bytes) -> socket.socket:
        """A connection on which that much was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(content)
        return connection

    def ended(self, seconds: float) -> int:
        """Its exit code, when neither it nor a worker is left after that time."""
        code = self.process.wait(seconds)
        assert not [worker for worker in self.workers if worker.is_running()]
        return code


@contextmanager
def serving(database_url: str, model: str, folder: Path, **settings: object) -> Iterator[Stoppable]:
    port = free_port()
    environment = {"DATABASE_URL": database_url, "VALUEBOX_MODEL": model}
    environment |= {name: str(value) for name, value in settings.items()}
    with (folder / "serve.log").open("wb") as log:
        process = warm.Popen(
            [sys.executable, "-m", "bentoml", "serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    workers: list[psutil.Process] = []
    try:
        eventually(lambda: is_ready(url), seconds=90)
        workers += psutil.Process(process.pid).children(recursive=True)
        yield Stoppable(process, workers, url, port)
    finally:
        # Workers are in sessions of their own, which their parent's end does not reach.
        for one in (process, *workers):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2, verify=False).is_success
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("reaches", ["the first process", "the whole group"])
def test_what_was_accepted_is_finished_and_nobody_is_sent_there_any_more(
    model_tag: str, tmp_path: Path, reaches: str
) -> None:
    database_url = f"sqlite:///{tmp_path}/valuebox.db"
    settings = {"VALUEBOX_DRAIN_SECONDS": DRAIN, "VALUEBOX_WORKERS": 2}
    with serving(database_url, model_tag, tmp_path, **settings) as service:
        half = HalfSent(service.port)
        # Of a worker that is known to have taken it.
        time.sleep(0.2)
        began = time.monotonic()
        if reaches == "the first process":
            service.process.send_signal(signal.SIGTERM)
        else:
            # As Ctrl-C in a terminal does.
            os.killpg(service.process.pid, signal.SIGINT)
        eventually(lambda: service.status("/readyz") == 503, seconds=DRAIN)
        for _ in range(4):
            assert service.status("/v1/ltv/model") == 200
        assert time.monotonic() - began < DRAIN
        time.sleep(DRAIN)
        assert service.process.poll() is None
        assert half.finish() == 200
        assert service.ended(10) == 0
    store = Store(make_engine(database_url))
    assert count_rows(store)["ltv_features"] == count_rows(store)["ltv_predictions"] == 1
    store.close()


def test_a_request_that_waits_for_the_database_is_finished(
    postgres_store: Store, model_tag: str, tmp_path: Path
) -> None:
    url = postgres_store.engine.url.render_as_string(hide_password=False)
    with serving(url, model_tag, tmp_path) as service:
        with postgres_store.engine.begin() as other:
            other.execute(text("LOCK TABLE ltv_features IN ACCESS EXCLUSIVE MODE"))
            waiting = service.begin(ONE_USER)
            eventually(lambda: is_waited_for(postgres_store))
            service.process.send_signal(signal.SIGTERM)
            eventually(lambda: not is_ready(service.url))
        assert waiting.recv(64).startswith(b"HTTP/1.1 200")
        waiting.close()
        assert service.ended(10) == 0
    assert count_rows(postgres_store)["ltv_predictions"] == 1
    # Nobody is left but whoever asks.
    postgres_store.engine.dispose()
    eventually(lambda: connections(postgres_store) == 1)


def connections(store: Store) -> int:
    query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    with store.reading() as session:
        return session.execute(query).scalar_one()


def is_waited_for(store: Store) -> bool:
    with store.reading() as session:
        found = session.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        return found.scalar_one() > 0


def test_by_default_it_stops_at_once_whoever_is_still_connected_or_has_hung_up(
    model_tag: str, tmp_path: Path
) -> None:
    with serving(f"sqlite:///{tmp_path}/valuebox.db", model_tag, tmp_path) as service:
        service.status("/readyz")
        silent = service.begin(b"")
        half_a_head = service.begin(b"POST /v1/ltv/predict HTTP/1.1\r\nHos")
        service.begin(ONE_USER[:-1]).close()
        eventually(lambda: '"status": 499' in (tmp_path / "serve.log").read_text())
        service.process.send_signal(signal.SIGTERM)
        assert service.ended(10) == 0
        silent.close()
        half_a_head.close()
