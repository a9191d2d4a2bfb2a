"""A PostgreSQL server with a streaming replica of it."""

import getpass
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import make_url

from support.databases import Postgres
from support.dumps import PROGRAMS
from support.once import once
from support.services import eventually
from valuebox.store.engine import make_engine

SLOT: Final = "replica"


class Replicated(NamedTuple):
    """Two servers, of which the second one has what the first one has stored."""

    primary: Postgres
    replica: Postgres

    def copied(self, url: str) -> str:
        """The URL by which a database of the first one is read on the second one."""
        return self.replica.url(make_url(url).database or "")

    def catch_up(self) -> None:
        """Wait until the replica has all that the first server has stored until now."""
        at = self._asked(self.primary, "SELECT pg_current_wal_lsn()")
        reached = f"SELECT pg_last_wal_replay_lsn() >= '{at}'::pg_lsn"
        eventually(lambda: self._asked(self.replica, reached) == "True")

    @staticmethod
    def _asked(server: Postgres, query: str) -> str:
        engine = make_engine(server.url())
        with engine.connect() as connection:
            found = str(connection.exec_driver_sql(query).scalar())
        engine.dispose()
        return found


def copy(primary: Postgres, parent: Path) -> Path:
    """A copy of a server's files, of which a replica begins, in a folder below another one."""
    folder = parent / "copied"
    # As the server's own user, whose the files have to be.
    user = primary.processes()[0].username()
    become = ["runuser", "-u", user, "--"] if user != getpass.getuser() else []
    parent.chmod(0o777)
    # The slot has the first server keep what the replica has not read yet, however long it is away.
    how = ["-R", "-X", "stream", "-c", "fast", "-C", "-S", SLOT, "-h", primary.socket.parent]
    command = [*become, PROGRAMS / "pg_basebackup", *how, "-U", "postgres", "-D", folder]
    subprocess.run(command, check=True, cwd=parent)
    # The first server's socket is in its folder, and what keeps others from that.
    (folder / ".s.PGSQL.5432.lock").unlink()
    return folder


@contextmanager
def replicated() -> Iterator[Replicated]:
    """A server of our own, and its replica, until the block ends."""
    primary = Postgres(like=once("postgres", Postgres.write))
    try:
        with tempfile.TemporaryDirectory() as parent:
            replica = Postgres(like=copy(primary, Path(parent)))
        try:
            yield Replicated(primary, replica)
        finally:
            replica.remove()
    finally:
        primary.remove()
