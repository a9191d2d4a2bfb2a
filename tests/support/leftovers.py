"""Servers that killed test runs have left behind: together they would fill the memory."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

_OLD = 3600
"""Seconds until a server that does not run is nobody's: some are stopped and go on."""


def clear_leftovers(folders: Iterable[Path]) -> None:
    """Delete the folders of PostgreSQL servers that ended an hour ago or longer.

    Args:
        folders: Folders of servers, running ones among them.
    """
    for folder in folders:
        try:
            is_old = time.time() - folder.stat().st_mtime > _OLD
            if is_old and not _runs(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            # Another run has deleted it meanwhile.
            continue


def _runs(folder: Path) -> bool:
    try:
        process = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
        return process.name().startswith("postgres")
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return False
