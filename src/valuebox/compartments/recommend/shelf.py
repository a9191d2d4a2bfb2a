"""Indexes of shops on disk: one process builds one, all of them map it, and it is swapped whole."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from valuebox.compartments.recommend.ranking.index import Index

if sys.platform != "win32":
    import fcntl

_KEPT: Final = 2
"""Indexes of a shop that stay: somebody may be about to map the one before the newest."""
_FORGOTTEN: Final = "forgotten.txt"
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OnShelf(NamedTuple):
    """An index that is whole."""

    until: datetime
    """Until when views had been received that it is made of."""
    folder: Path
    forgotten_at: datetime | None
    """When visitors had last been forgotten before it was made; None for never."""


class Shelf:
    """The folder with the indexes of a shop, named by the moment until which each was read.

    An index is written beside the others and renamed at the end: whatever breaks off in between
    leaves the newest whole one to be found.

    Args:
        folder: Common to all processes of the service.
        source: The shop.
    """

    def __init__(self, folder: Path, source: str):
        self._folder = folder / blake2b(source.encode(), digest_size=12).hexdigest()

    def newest(self) -> OnShelf | None:
        """The newest index; None where there is none."""
        for folder in reversed(self._folders()):
            try:
                said = (folder / _FORGOTTEN).read_text()
                forgotten_at = datetime.fromisoformat(said) if said else None
            except (OSError, ValueError):
                # Somebody has just removed it, or it is not whole.
                continue
            until = _EPOCH + int(folder.name) * _MICROSECOND
            return OnShelf(until, folder, forgotten_at)
        return None

    def remove(self, unread: OnShelf) -> None:
        """Take an index away that cannot be read, so that another one is built."""
        shutil.rmtree(unread.folder, ignore_errors=True)

    def put(self, index: Index, until: datetime, forgotten_at: datetime | None) -> None:
        """Put an index there as the newest, and remove what is older than the one before.

        Whoever does so is alone at it, and clears away what killed builders have left.

        Args:
            index: To be written.
            until: Until when views had been received that were read.
            forgotten_at: When visitors had last been forgotten by then; None for never.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob("unfinished-*"):
            shutil.rmtree(left, ignore_errors=True)
        beside = self._folder / f"unfinished-{os.getpid()}"
        index.save(beside)
        (beside / _FORGOTTEN).write_text("" if forgotten_at is None else forgotten_at.isoformat())
        place = self._folder / f"{(until - _EPOCH) // _MICROSECOND:020}"
        shutil.rmtree(place, ignore_errors=True)
        beside.rename(place)
        for old in self._folders()[:-_KEPT]:
            # What others have mapped stays until they let go of it.
            shutil.rmtree(old, ignore_errors=True)

    @contextmanager
    def alone(self, work: str) -> Iterator[bool]:
        """Whether nobody else does some work for the shop; nobody does until this ends.

        The lock goes with its process, however that ends.
        """
        if sys.platform == "win32":
            yield True
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / work).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _folders(self) -> list[Path]:
        return sorted(one for one in self._folder.glob("*") if one.name.isdigit())
