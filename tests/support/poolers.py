"""A real PgBouncer in transaction mode in front of a PostgreSQL server."""

import getpass
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from support.databases import Postgres
from support.programs import find
from support.services import eventually
from valuebox_cli.server import free_port

# It refuses the options of a connection, or ignores them.
WAYS: Final = ("", "ignore_startup_parameters = options")


class Pooler:
    """A pooler that passes on to all databases of a server, on the same port after every kill."""

    def __init__(self, postgres: Postgres, settings: str, folder: Path):
        """Start it.

        Args:
            postgres: The server.
            settings: More lines of its configuration.
            folder: For its files, which everybody can read.
        """
        self.port = free_port()
        config, self._log = folder / "pgbouncer.ini", folder / "log"
        config.write_text(
            f"[databases]\n* = host={postgres.socket.parent} user=postgres\n"
            "[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\n"
            f"listen_port = {self.port}\n"
            f"auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n{settings}\n"
        )
        # It refuses to be root, and only the server's own user reaches the server's socket.
        user = postgres.processes()[0].username()
        as_user = ["--user", user] if user != getpass.getuser() else []
        self._command = [find("pgbouncer", "pgbouncer"), *as_user, str(config)]
        self.start()

    def start(self) -> None:
        """Start, and wait until it listens."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output)
        eventually(self._listens)

    def _listens(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(10)

    def end(self) -> None:
        """Tell it to end."""
        self._process.terminate()
        self._process.wait(10)


@contextmanager
def pooler(postgres: Postgres, settings: str) -> Iterator[int]:
    """The port of a pooler that runs until the block ends; see there."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        running = Pooler(postgres, settings, Path(folder))
        try:
            yield running.port
        finally:
            running.end()
