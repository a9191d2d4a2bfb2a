"""What killed test runs leave behind is deleted, and nothing that somebody uses."""

import os
import time
from pathlib import Path

from support.databases import Postgres
from support.leftovers import clear_leftovers


def server_folder(where: Path, pid: str | None, hours: float) -> Path:
    folder = where / f"server-{pid}-{hours}"
    folder.mkdir()
    if pid is not None:
        (folder / "postmaster.pid").write_text(f"{pid}\nmore\n")
    then = time.time() - 3600 * hours
    os.utime(folder, (then, then))
    return folder


def test_servers_that_ended_long_ago_are_deleted(tmp_path: Path, postgres: Postgres) -> None:
    running = str(postgres.processes()[0].pid)
    kept = [
        server_folder(tmp_path, running, 5),
        server_folder(tmp_path, None, 0.5),
        server_folder(tmp_path, "0", 0.5),
    ]
    gone = [
        server_folder(tmp_path, None, 2),
        server_folder(tmp_path, "nobody", 2),
        # A process that has the number by now, and is no server.
        server_folder(tmp_path, str(os.getpid()), 2),
    ]
    clear_leftovers(tmp_path.iterdir())
    assert [one.exists() for one in kept] == [True, True, True]
    assert [one.exists() for one in gone] == [False, False, False]
