"""Users to score: of a file larger than memory, the columns that predict."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from valuebox.compartments.ltv.files import UserFile, open_users
from valuebox.compartments.ltv.user import USERS
from valuebox.errors import ValueboxError
from valuebox.features.shape import Shape

SUFFIXES: Final = (".csv", ".parquet")
"""Suffixes of files that are written."""


@dataclass(frozen=True)
class Source:
    """A file of users.

    Other columns than those that predict are never read, `target` included; that their rows are
    whole is looked at all the same.
    """

    file: UserFile
    shape: Shape

    @property
    def path(self) -> Path:
        """The path as it was given."""
        return self.file.path

    @property
    def users(self) -> int | None:
        """Number of users; None for a CSV file, which has to be read to know."""
        return self.file.source.users

    def batches(self, size: int) -> Iterator[pa.Table]:
        """All rows in file order; see `valuebox.files.source.Source.batches`."""
        columns = [name for name in self.shape.columns if name in self.file.source.names]
        return self.file.source.batches(size, columns, frozenset(self.shape.categorical))

    def fingerprint(self) -> dict[str, int | str]:
        """What tells the file from another one, and from what it was before a change."""
        return self.file.source.fingerprint()


def source(path: Path, shape: Shape = USERS, strict: bool = False) -> Source:
    """Look at the columns of a file; see `valuebox.compartments.ltv.files.open_users`.

    Args:
        path: Of the file.
        shape: The columns that the model takes.
        strict: Whether a file is refused that lacks a feature.

    Raises:
        BadFile: when it cannot be read, or lacks a column.
    """
    return Source(open_users(path, shape.required, strict, shape), shape)


def check_suffix(path: Path) -> None:
    """Refuse an output whose name does not say which format is meant.

    Raises:
        ValueboxError: naming the file.
    """
    if path.suffix not in SUFFIXES:
        raise ValueboxError(f"{path}: the name ends neither in {' nor in '.join(SUFFIXES)}")
