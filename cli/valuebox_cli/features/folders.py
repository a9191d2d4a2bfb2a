"""A folder beside a file for what is needed in between, which goes away whatever happens."""

import glob
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

_HELD: Final = "valuebox.lock"
"""A file that is locked for as long as somebody works in the folder; the system lets go of it when
the process dies, however it does."""


@contextmanager
def folder_beside(file: Path) -> Iterator[Path]:
    """A folder beside a file that is gone afterwards.

    Folders of others go as well who began to write the same file and were killed.
    """
    prefix = f".{file.name}."
    if sys.platform != "win32":
        for left in file.parent.glob(f"{glob.escape(prefix)}*/{_HELD}"):
            _clear(left)
    with (
        tempfile.TemporaryDirectory(prefix=prefix, dir=file.parent) as name,
        _holding(Path(name)),
    ):
        yield Path(name)


@contextmanager
def _holding(folder: Path) -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    early = folder / f"{_HELD}.early"
    with early.open("wb") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        # Nobody ever sees it without its lock.
        early.rename(folder / _HELD)
        yield


def _clear(held: Path) -> None:
    """Remove a folder, unless somebody works in it."""
    try:
        with held.open("rb") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not held.parent.is_symlink():
                shutil.rmtree(held.parent, ignore_errors=True)
    except OSError:
        # Somebody works in it, or has just removed it, or it is none of ours to read.
        return
