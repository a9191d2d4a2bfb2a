"""What an operator of many rows has: replicas, a proxy, a pooler, a database and one to read."""

import getpass
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import psutil
from benchmarks.measured_service import started
from benchmarks.reliability.chaos_gates import Gate, before_postgres
from support.databases import Postgres, through
from support.dumps import PROGRAMS
from support.killable import KillableServer
from support.poolers import Pooler
from support.replicas import Replicated, copy
from support.reverse_proxies import proxy

from valuebox.store.engine import Store, make_engine

REPLICAS: Final = 2
_POOLER: Final = (
    "default_pool_size = 20\nmax_client_conn = 500\nignore_startup_parameters = options\n"
)
# As both machines of such a size would have it, in proportion.
_MEMORY: Final = "512MB"
_STARTING_SECONDS: Final = 300


@dataclass
class Parts:
    """All of it, while it runs."""

    url: str
    """Of the proxy."""
    services: list[KillableServer]
    gates: list[Gate]
    """Of the services, before the pooler."""
    pooler: Pooler
    databases: Replicated
    store: Store
    """The database, for this process, past every relay and the pooler."""
    database_url: str
    """The same."""

    def of_services(self) -> list[psutil.Process]:
        """All processes of the services."""
        return [process for one in self.services for process in one.processes()]


def revive(server: Postgres) -> None:
    """Start a PostgreSQL that was killed, however long it takes to recover.

    Raises:
        TimeoutError: when it has not in five minutes.
    """
    deadline = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < deadline:
        try:
            server.start()
        # It is still recovering.
        except (subprocess.SubprocessError, AssertionError):
            time.sleep(0.5)
        else:
            return
    raise TimeoutError("PostgreSQL has not recovered")


def strike(server: Postgres) -> None:
    """Kill all processes of a PostgreSQL at once."""
    every = server.processes()
    for one in every:
        one.kill()
    psutil.wait_procs(every, timeout=20)


def begun(folder: Path) -> Path:
    """Start a PostgreSQL on its files, however long it takes to recover; `Postgres` gives up."""
    become = ["runuser", "-u", folder.owner(), "--"] if folder.owner() != getpass.getuser() else []
    start = ["-w", "-t", _STARTING_SECONDS, "-o", f'-h "" -k {folder}', "-l", folder / "log"]
    command = [*become, PROGRAMS / "pg_ctl", *start, "-D", folder, "start"]
    subprocess.run([*map(str, command)], check=True, cwd=folder.parent, stdout=subprocess.DEVNULL)
    return folder


def _drop_slot(primary: Postgres) -> None:
    # A replica that was removed is noticed a while later.
    primary.execute(
        "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE active",
        "SELECT pg_drop_replication_slot('replica')",
    )


@contextmanager
def parts(
    folder: Path, primary: Postgres, database_url: str, settings: dict[str, str]
) -> Iterator[Parts]:
    """Everything around a database, until the block ends.

    Args:
        folder: With room for the files of a replica.
        primary: The server.
        database_url: On it.
        settings: Of the services.
    """
    with ExitStack() as stack:
        stack.callback(_drop_slot, primary)
        replica = Postgres(durable=True, folder=begun(copy(primary, folder)))
        stack.callback(replica.remove)
        for server in (primary, replica):
            server.execute(f"ALTER SYSTEM SET shared_buffers = '{_MEMORY}'")
            server.stop()
            revive(server)
        both = Replicated(primary, replica)
        pooler = Pooler(primary, _POOLER, folder)
        stack.callback(pooler.end)
        gates = [Gate() for _ in range(REPLICAS)]
        behind: Callable[[], socket.socket] = partial(
            socket.create_connection, ("127.0.0.1", pooler.port)
        )
        services = []
        for number, gate in enumerate(gates):
            relay, port = before_postgres(behind, gate)
            stack.callback(relay.close)
            urls = {
                "DATABASE_URL": through(database_url, port),
                "VALUEBOX_READ_URL": both.copied(database_url),
            }
            services.append(started({**settings, **urls}, folder / f"service-{number}.log"))
            stack.callback(services[-1].end)
        url = stack.enter_context(proxy("haproxy", [one.port for one in services]))
        store = Store(make_engine(database_url))
        stack.callback(store.close)
        yield Parts(url, services, gates, pooler, both, store, database_url)
