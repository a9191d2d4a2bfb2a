"""Real `bentoml serve` processes."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest

from support import warm
from support.databases import BACKENDS, count_rows, migrated_database, open_store
from valuebox.store.engine import Store
from valuebox_cli.server import serving

ROOT = Path(__file__).parents[2]
# Smaller than the default, so that a body over it is quickly made; 10,000 users fit.
MAX_BODY_MB = 4


@dataclass(frozen=True)
class Service:
    """A running service: where it is, where it stores, what it logs."""

    url: str
    database_url: str
    log_file: Path
    http: httpx.Client
    store: Store

    def predict(self, users: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Predictions of users who are good input."""
        answer = self.http.post("/v1/ltv/predict", json=users)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def is_ready(self) -> bool:
        """Whether it answers, and its database does."""
        try:
            return self.http.get("/readyz").is_success
        except httpx.HTTPError:
            return False

    def count_rows(self) -> dict[str, int]:
        """How many rows each table holds."""
        return count_rows(self.store)

    def log(self) -> str:
        """All that has been logged about the requests that were answered before."""
        last = self.http.get("/").headers["X-Request-Id"]
        eventually(lambda: last in self.log_file.read_text())
        return self.log_file.read_text()


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a service and all that it has started, at once.

    Orphaned workers would hold the port, and go on answering. Each is in a session of its own, so
    that killing the parent's process group would spare it.
    """
    if process.poll() is not None:
        return
    # Stopped, the parent cannot start another worker in between.
    process.send_signal(signal.SIGSTOP)
    parent = psutil.Process(process.pid)
    every = [parent, *parent.children(recursive=True)]
    for one in every:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()
    eventually(lambda: all(map(_has_ended, every)))


def _has_ended(process: psutil.Process) -> bool:
    """Whether nothing of it runs, though whoever adopted it may look at its end only later."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def running(
    database_url: str,
    folder: Path,
    environment: dict[str, str],
    bento: str = ".",
    end: Callable[[subprocess.Popen[bytes]], None] = kill,
) -> Iterator[Service]:
    """Serve the repository, or a built Bento, until the block ends.

    Args:
        database_url: Where it stores.
        folder: Where it runs when it is a Bento, and where its log is kept.
        environment: More settings.
        bento: `.` for the repository, else a Bento's tag or folder.
        end: What ends it; `valuebox_cli.server.stop`, by which it finishes what it does, takes
            half a second.
    """
    log = folder / f"serve-{uuid4().hex}.log"
    # What it would have taken away at its own end goes with the folder.
    settings = {"DATABASE_URL": database_url, "TMPDIR": str(folder), **environment}
    where = ROOT if bento == "." else folder
    with (
        log.open("w+b") as output,
        serving(bento, where, settings, output, warm.Popen, end) as url,
        httpx.Client(base_url=url, timeout=60) as http,
    ):
        store = open_store(database_url)
        yield Service(url, database_url, log, http, store)
        store.close()


class Kept:
    """Services that run until the tests end, by a name; one that has died is started anew."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[ExitStack, Service]] = {}

    def service(self, name: str, start: Callable[[], AbstractContextManager[Service]]) -> Service:
        """The service of that name, which is started where none answers."""
        if name in self._running and not self._running[name][1].is_ready():
            self._running.pop(name)[0].close()
        if name not in self._running:
            stack = ExitStack()
            self._running[name] = stack, stack.enter_context(start())
        return self._running[name][1]

    def close(self) -> None:
        """Stop all of them."""
        with ExitStack() as every:
            for stack, _ in self._running.values():
                every.push(stack)


@pytest.fixture(scope="session")
def kept() -> Iterator[Kept]:
    """The services that this test process keeps."""
    services = Kept()
    yield services
    services.close()


@pytest.fixture(scope="module", params=BACKENDS)
def service(
    request: pytest.FixtureRequest,
    kept: Kept,
    tmp_path_factory: pytest.TempPathFactory,
    model_tag: str,
) -> Service:
    """A service that is used by many tests, so they may not expect empty tables."""

    def start() -> AbstractContextManager[Service]:
        folder = tmp_path_factory.mktemp("service")
        settings = {"VALUEBOX_MODEL": model_tag, "VALUEBOX_MAX_BODY_MB": str(MAX_BODY_MB)}
        return running(migrated_database(request, request.param, folder), folder, settings)

    return kept.service(request.param, start)


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is true.

    Raises:
        AssertionError: when it has not become so in time.
    """
    deadline, pause = time.monotonic() + seconds, 0.02
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(pause)
        # Asking takes from what is waited for.
        pause = min(1.2 * pause, 0.2)
