"""Containers of the image that are reached on a port of this machine, as native services are."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx

from support.containers import IMAGE, Container, docker
from support.rolling import MIGRATIONS, write_newer_migration
from valuebox_cli.server import free_port

STOP_SECONDS: Final = 60
_NEWER: Final = f"{IMAGE}-newer"
_KILL: Final = (
    "import psutil; every = psutil.process_iter(['cmdline']); "
    "worker = next(p for p in every if '_bentoml_impl.worker.service' in p.info['cmdline']); "
    "worker.kill(); print(worker.pid)"
)


@dataclass(frozen=True)
class ServedContainer(Container):
    """One with the network of this machine."""

    port: int

    @property
    def url(self) -> str:
        """Of the service."""
        return f"http://127.0.0.1:{self.port}"

    def kill_worker(self) -> int:
        """Kill a worker; the id that its process had in there."""
        return int(self.python(_KILL))

    def gauge(self, name: str) -> float | None:
        """What `/metrics` says; None while it says nothing."""
        try:
            exposition = httpx.get(f"{self.url}/metrics", timeout=2).text
        except httpx.HTTPError:
            return None
        found = re.search(rf"^{name} (\S+)$", exposition, re.MULTILINE)
        return float(found[1]) if found else None

    def stop(self) -> None:
        """Tell it to stop, and wait until it has ended well."""
        docker("stop", "--time", STOP_SECONDS, self.name)
        assert self.state()["State"]["ExitCode"] == 0, self.log()


@contextmanager
def served(
    image: str = IMAGE, port: int | None = None, **settings: str
) -> Iterator[ServedContainer]:
    """A container that has been started, and writes nothing but lines of the log.

    Args:
        image: What it runs.
        port: Where it listens; by default any that is free.
        settings: Environment variables.
    """
    started = ServedContainer(f"valuebox-{uuid4().hex}", port or free_port())
    variables = {**settings, "BENTOML_HOST": "127.0.0.1", "BENTOML_PORT": str(started.port)}
    options = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
    docker("run", "--detach", "--name", started.name, "--network", "host", *options, image)
    try:
        yield started
        started.lines()
    finally:
        docker("rm", "--force", "--volumes", started.name)


def newer_image(folder: Path) -> str:
    """The tag of the image with a migration more, with which the image itself goes on.

    Args:
        folder: An empty one, for what the image is made of.
    """
    migration = write_newer_migration(folder)
    to = Path("/bento", MIGRATIONS, migration.name)
    (folder / "Dockerfile").write_text(f"FROM {IMAGE}\nCOPY {migration.name} {to}\n")
    docker("build", "--tag", _NEWER, folder)
    return _NEWER
