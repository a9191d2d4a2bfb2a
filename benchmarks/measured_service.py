"""What a service needs that is only run to be measured."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from sqlalchemy import text
from support.killable import KillableServer
from support.services import eventually

from valuebox.store.engine import Store

WORKERS: Final = 2
SETTINGS: Final = {"VALUEBOX_WORKERS": str(WORKERS)}


def settings_with_model(folder: Path) -> dict[str, str]:
    """Settings of a service with several workers, and a model in a model store of its own.

    Args:
        folder: Where the model store and what it learns from are put.
    """
    settings = {"BENTOML_HOME": str(folder / "bentoml"), **SETTINGS}
    valuebox = str(Path(sys.executable).with_name("valuebox"))
    data = str(folder / "data")
    environment = {**os.environ, **settings}
    for command in (["simulate", data, "--users-per-day", "30"], ["train", "--data", data]):
        subprocess.run([valuebox, *command], check=True, env=environment, capture_output=True)
    return {**settings, "VALUEBOX_MODEL": "ltv"}


def started(settings: dict[str, str], log: Path) -> KillableServer:
    """A running service with all its workers.

    Args:
        settings: Environment variables.
        log: Where its log is put.

    Raises:
        AssertionError: when it has another number of workers: its figures would mean little.
    """
    return complete(KillableServer(settings, log))


def complete(server: KillableServer) -> KillableServer:
    """The same server, when all its workers have started.

    Raises:
        AssertionError: when they have not in time; the server is ended.
    """
    try:
        eventually(lambda: len(server.workers()) == WORKERS)
    except AssertionError:
        server.end()
        raise
    return server


def database_version(store: Store) -> str:
    """Name and version of a database."""
    is_sqlite = store.engine.dialect.name == "sqlite"
    query = "SELECT sqlite_version()" if is_sqlite else "SHOW server_version"
    with store.reading() as session:
        return f"{'SQLite' if is_sqlite else 'PostgreSQL'} {session.scalar(text(query))}"
