"""A folder that is there only once everything in it is written."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valuebox.store.backup.manifest import BadBackup


@contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """A new folder beside the one that is meant, which it becomes when the block ends well.

    Nobody else may read it. A block that fails leaves nothing; a process that is killed leaves a
    hidden folder, `.NAME.….unfinished`, that is never taken for a whole one.

    Raises:
        BadBackup: when the folder is there and not empty, or cannot be replaced.
        OSError: when nothing can be written there.
    """
    folder = folder.resolve()
    if folder.is_mount() or folder == Path.cwd():
        raise BadBackup(f"{folder} cannot become a backup; name a folder in it, to be made")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise BadBackup(f"{folder} is there already; a backup takes a folder of its own")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(
        tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".unfinished", dir=folder.parent)
    )
    try:
        yield aside
        for file in aside.iterdir():
            _to_disk(file)
        _to_disk(aside)
        aside.rename(folder)
        _to_disk(folder.parent)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _to_disk(path: Path) -> None:
    """Flush a file, or the names in a folder, so that these survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
