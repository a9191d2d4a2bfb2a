"""Any file that can be read: which columns it has, and its rows in batches."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa

from valuebox.files.columnar import is_parquet, open_parquet
from valuebox.files.packed import begins_with, readable
from valuebox.files.problems import BadFile
from valuebox.files.text import open_csv

_END: Final = 1 << 20


class Part(Protocol):
    """A file that a source is made of."""

    @property
    def path(self) -> Path:
        """Path of the file."""
        ...

    def batches(
        self, columns: Sequence[str], size: int, few: frozenset[str]
    ) -> Iterator[pa.RecordBatch]:
        """All rows in file order; see `Source.batches`."""
        ...


@dataclass(frozen=True)
class Source:
    """A file, or a folder of Parquet files, of which the columns are known."""

    path: Path
    """The path as it was given."""
    parts: Sequence[Part]
    names: list[str]
    """Names of the columns; columns without a name cannot be read."""
    users: int | None
    """Number of rows; None for a CSV file, which has to be read to know."""

    def check_twice(self) -> None:
        """Refuse a file that calls several columns the same.

        Raises:
            BadFile: naming them.
        """
        if twice := [name for name, count in Counter(self.names).items() if count > 1]:
            raise BadFile(f"{self.path}: has more than one column {', '.join(twice)}")

    def batches(
        self, size: int, columns: Sequence[str], few: frozenset[str] = frozenset()
    ) -> Iterator[pa.Table]:
        """All rows in file order, `size` in every batch but the last of a file.

        CSV columns are text, Parquet columns have the types of the file.

        Args:
            size: Rows at once.
            columns: Names of those to read.
            few: Columns of text with few different values, which Parquet hands out as dictionaries.

        Raises:
            BadFile: when a row cannot be read, or the file not to its end.
        """
        for part in self.parts:
            yield from _of_size(part.batches(columns, size, few), size)

    def fingerprint(self) -> dict[str, int | str]:
        """What tells the file from another one, and from what it was before a change."""
        digest = hashlib.sha256()
        with readable(self.path):
            status = [part.path.stat() for part in self.parts]
            for part, one in zip(self.parts, status, strict=True):
                with part.path.open("rb") as file:
                    digest.update(file.read(_END))
                    file.seek(max(one.st_size - _END, 0))
                    digest.update(file.read(_END))
        return {
            "bytes": sum(one.st_size for one in status),
            "modified_ns": max(one.st_mtime_ns for one in status),
            "sha256_of_ends": digest.hexdigest(),
        }


def open_source(path: Path) -> Source:
    """Look at a file, or at the Parquet files in a folder.

    What it is shows in what it begins with: CSV, which may be compressed, or Parquet.

    Raises:
        BadFile: when it cannot be read, or has no columns.
    """
    if path.is_dir() or is_parquet(path, begins_with(path)):
        parts = open_parquet(path)
        return Source(path, parts, parts[0].names, sum(part.users for part in parts))
    file = open_csv(path)
    return Source(path, [file], [name for name in file.names if name], None)


def _of_size(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """Rows of a file, regrouped: where a file's own groups end depends on who wrote it."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= size:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, size)
            waiting = table.slice(size).to_batches()
            rows -= size
    if rows:
        yield pa.Table.from_batches(waiting)
