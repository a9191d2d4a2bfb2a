"""Files of users larger than memory, read in batches."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from valuebox.errors import ValueboxError
from valuebox.ltv.features import CATEGORICAL
from valuebox.ltv.files import COLUMNS, REQUIRED, BadFile

SUFFIXES: Final = (".csv", ".parquet")
_END: Final = 1 << 20
# Every value of a block is alive at once, in several forms.
_BLOCK: Final = 8 << 20


@dataclass(frozen=True)
class Source:
    """A file that can be read, of which the header has been checked.

    Other columns than those that predict are never read, `target` included.
    """

    path: Path
    columns: list[str]
    users: int | None
    """How many there are; None of a CSV file, which has to be read to know."""

    def batches(self, size: int) -> Iterator[pa.Table]:
        """All rows in file order, `size` in every batch but the last.

        CSV columns are text, Parquet columns have the types of the file.

        Raises:
            BadFile: when the file cannot be read to its end.
        """
        with _readable(self.path):
            yield from _of_size(self._read(size), size)

    def _read(self, size: int) -> Iterator[pa.RecordBatch]:
        if self.path.suffix == ".parquet":
            with _parquet(self.path) as file:
                yield from file.iter_batches(size, columns=self.columns)
        else:
            with _csv(self.path, self.columns) as reader:
                yield from reader

    def fingerprint(self) -> dict[str, int | str]:
        """What tells the file from another one, and from what it was before a change."""
        status = self.path.stat()
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            digest.update(file.read(_END))
            file.seek(max(status.st_size - _END, 0))
            digest.update(file.read(_END))
        return {
            "bytes": status.st_size,
            "modified_ns": status.st_mtime_ns,
            "sha256_of_ends": digest.hexdigest(),
        }


def source(path: Path) -> Source:
    """Look at a file's header.

    Raises:
        BadFile: when it is neither CSV nor Parquet, cannot be read, or lacks a column.
    """
    check_suffix(path)
    with _readable(path):
        if path.suffix == ".parquet":
            with _parquet(path) as file:
                names, users = file.schema_arrow.names, file.metadata.num_rows
        else:
            with _csv(path) as reader:
                names, users = reader.schema.names, None
    if lacking := [name for name in REQUIRED if name not in names]:
        raise BadFile(
            f"{path}: lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; "
            f"it has {', '.join(names)}"
        )
    columns = [name for name in COLUMNS if name in names]
    if twice := [name for name in columns if names.count(name) > 1]:
        raise BadFile(f"{path}: has more than one column {', '.join(twice)}")
    return Source(path, columns, users)


def check_suffix(path: Path) -> None:
    """Refuse names that do not say which format is meant.

    Raises:
        ValueboxError: naming the file.
    """
    if path.suffix not in SUFFIXES:
        raise ValueboxError(f"{path}: the name ends neither in {' nor in '.join(SUFFIXES)}")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise BadFile(f"{path}: there is no such file") from None
    except (OSError, pa.ArrowException) as error:
        raise BadFile(f"{path}: cannot be read: {error}") from None


def _parquet(path: Path) -> pq.ParquetFile:
    texts = [one.name for one in pq.read_schema(path) if pa.types.is_string(one.type)]
    few = [name for name in CATEGORICAL if name in texts]
    # Buffering ahead would fetch a whole row group before its first row is handed out.
    return pq.ParquetFile(path, read_dictionary=few, pre_buffer=False)


def _csv(path: Path, columns: list[str] | None = None) -> csv.CSVStreamingReader:
    if not path.stat().st_size:
        raise BadFile(f"{path}: is no CSV file with a header: it is empty")
    return csv.open_csv(
        os.fspath(path),
        csv.ReadOptions(block_size=_BLOCK),
        # Text of other columns may go over several lines.
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=dict.fromkeys(COLUMNS, pa.string()), include_columns=columns
        ),
    )


def _of_size(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """The same rows, regrouped: where a file's own groups end depends on who wrote it."""
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
