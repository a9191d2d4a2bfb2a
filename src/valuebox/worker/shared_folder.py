"""A folder that the workers of a service have in common; it goes when the service does.

Every process that uses it holds a lock on a file in it, which goes with the process however that
ends: what a service that was killed has left is taken away by the next one that starts.
"""

import atexit
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

# How the workers, which have the environment of their parent, find it.
FOLDER_VARIABLE: Final = "VALUEBOX_SHARED_FOLDER"
_PREFIX: Final = "valuebox-"
_LOCK: Final = "in-use"


def prepare() -> None:
    """Make the folder, before any worker starts; it goes when this process ends."""
    sweep()
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    os.environ[FOLDER_VARIABLE] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if sys.platform != "win32":
        # Nobody finds the file before it is locked, and takes the folder for one that was left.
        beside = Path(folder) / f"{_LOCK}-soon"
        beside.touch(mode=0o600)
        _hold(beside)
        beside.rename(Path(folder) / _LOCK)


def shared_folder() -> Path | None:
    """The folder; None in a worker that was started by itself."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return None
    if sys.platform != "win32" and (lock := Path(folder) / _LOCK).exists():
        _hold(lock)
    return Path(folder)


def sweep() -> None:
    """Take away folders of services that were killed: ours, and in use by no process.

    A folder without a file to lock, as those of earlier versions, may be in use, and stays.
    """
    if sys.platform == "win32":
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Somebody else may take it away at any moment, or have made what only looks like ours.
        with suppress(OSError):
            told = folder.lstat()
            if folder.is_symlink() or told.st_uid != os.getuid() or told.st_mode & 0o077:
                continue
            held = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)


@cache
def _hold(lock: Path) -> int:
    """Hold a lock that others may hold, too, for as long as this process lives."""
    held = os.open(lock, os.O_RDWR)
    if sys.platform != "win32":
        fcntl.flock(held, fcntl.LOCK_SH)
    return held
