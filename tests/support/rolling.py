"""A rolling upgrade and its rollback behind a real proxy, while callers ask who never ask twice."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol
from uuid import uuid4

import httpx
from sqlalchemy import text

from support.databases import count_rows
from support.reverse_proxies import Kind, proxy
from support.services import eventually
from support.users import user
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox_cli.server import free_port

MIGRATIONS: Final = Path("src", "valuebox", "store", "migrations", "versions")
SETTINGS: Final = {
    # Longer than a proxy takes to notice.
    "VALUEBOX_DRAIN_SECONDS": "3",
    # How nginx calls it: after its group of servers.
    "VALUEBOX_HOSTS": "valuebox",
}
START_SECONDS: Final = 240
_NEWER: Final = "0999"


class Replica(Protocol):
    """A service that runs."""

    def stop(self) -> None:
        """Tell it to stop, as an operator does, and wait until it has ended well."""


# Starts a replica on a port of this machine.
Start = Callable[[int], AbstractContextManager[Replica]]


class Load:
    """Callers who never ask twice, and what they were answered."""

    def __init__(self, url: str, callers: int = 4):
        self.answers: Counter[int | str] = Counter()
        self._url = url
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]

    def __enter__(self) -> "Load":
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def await_more(self, answers: int) -> None:
        """Wait for as many further answers."""
        enough = self.answers.total() + answers
        eventually(lambda: self.answers.total() > enough)

    def end(self) -> None:
        """Ask no more, and wait for what was asked."""
        self._stopping.set()
        for one in self._threads:
            one.join()

    def _call(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as http:
            while not self._stopping.wait(0.02):
                headers = {"Idempotency-Key": uuid4().hex}
                try:
                    answer = http.post("/v1/ltv/predict", json=[user(1)], headers=headers)
                    self.answers[answer.status_code] += 1
                except httpx.HTTPError as error:
                    self.answers[type(error).__name__] += 1


def is_ready(port: int) -> bool:
    """Whether the service on this port says that requests should be sent to it."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5, verify=False).is_success
    except httpx.HTTPError:
        return False


def write_newer_migration(folder: Path) -> Path:
    """A migration after all others, with which this version goes on.

    It stands for the version to come, as this one does for the last release.

    Args:
        folder: Where its file goes.
    """
    with TemporaryDirectory() as elsewhere:
        engine = make_engine(f"sqlite:///{elsewhere}/head.db")
        head = migrate.upgrade(engine)
        engine.dispose()
    file = folder / f"{_NEWER}_more.py"
    file.write_text(
        f'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "{_NEWER}"\n'
        f'down_revision = "{head}"\nworks_from = "{head}"\n\n\n'
        "def upgrade():\n"
        '    op.add_column("ltv_features", sa.Column("more", sa.Integer()))\n'
    )
    return file


def upgrade_and_go_back(kind: Kind, store: Store, this: Start, newer: Start) -> None:
    """One replica of this version gives way to a newer one, which gives way to this version again.

    Nobody who asks meanwhile is refused, and what was answered is stored, once.

    Args:
        kind: Of the proxy in front of them.
        store: Their database.
        this: Starts this version.
        newer: Starts one with `write_newer_migration`.
    """
    ports = [free_port() for _ in range(3)]
    with this(ports[0]) as first:
        eventually(lambda: is_ready(ports[0]), START_SECONDS)
        with (
            proxy(kind, ports) as address,
            newer(ports[1]) as second,
            Load(address) as load,
        ):
            eventually(lambda: is_ready(ports[1]), START_SECONDS)
            assert _revision(store) == _NEWER
            assert is_ready(ports[0])
            first.stop()
            # Back to the version before, which starts on the newer schema.
            with this(ports[2]):
                eventually(lambda: is_ready(ports[2]), START_SECONDS)
                second.stop()
                load.await_more(20)
                load.end()
    assert set(load.answers) == {200}
    assert count_rows(store)["ltv_predictions"] == load.answers.total()


def _revision(store: Store) -> str:
    with store.reading() as session:
        return str(session.scalar(text("SELECT version_num FROM alembic_version")))
