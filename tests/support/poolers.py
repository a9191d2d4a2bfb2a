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


@contextmanager
def pooler(postgres: Postgres, settings: str) -> Iterator[int]:
    """The port of this machine on which it passes on to all databases of the server.

    Args:
        postgres: The server.
        settings: More lines of its configuration.
    """
    program = find("pgbouncer", "pgbouncer")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "pgbouncer.ini")
        config.write_text(
            f"[databases]\n* = host={postgres.socket.parent} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n{settings}\n"
        )
        # It refuses to be root, and only the server's own user reaches the server's socket.
        user = postgres.processes()[0].username()
        as_user = ["--user", user] if user != getpass.getuser() else []
        Path(folder).chmod(0o755)
        log = Path(folder, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program, *as_user, str(config)], stdout=output, stderr=output
            )

        def listens() -> bool:
            assert process.poll() is None, log.read_text()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        try:
            eventually(listens)
            yield port
        finally:
            process.terminate()
            process.wait(10)
