"""Files of SQLite with every table, of which tests get copies, and that wait for no disk."""

import shutil
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, make_url

from support.once import once
from valuebox.compartments.register import histories
from valuebox.store import migrate
from valuebox.store.engine import make_engine


def wait_for_no_disk() -> None:
    """Leave it to the system when what this process writes is on the disk; services wait."""
    event.listen(Engine, "connect", _leave_it_to_the_system)


def _leave_it_to_the_system(connection: Any, _: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def migrated_sqlite(folder: Path) -> str:
    """URL of a new SQLite file in a folder, with every table and no rows."""
    return copied_file(_migrated_file(), folder)


def copied_file(url: str, folder: Path) -> str:
    """URL of a copy, in a folder, of the file at a URL that nobody is connected to."""
    file = folder / "valuebox.db"
    shutil.copyfile(make_url(url).database or "", file)
    return f"sqlite:///{file}"


@cache
def _migrated_file() -> str:
    """URL of an SQLite file with every table, to copy."""
    name = "migrated.db"
    folder = once("migrated", lambda begun: migrated(f"sqlite:///{begun / name}"))
    return f"sqlite:///{folder / name}"


def migrated(url: str) -> str:
    """Migrate the database at a URL, which is returned, and leave nothing open."""
    engine = make_engine(url)
    migrate.upgrade(engine, others=histories())
    engine.dispose()
    return url
