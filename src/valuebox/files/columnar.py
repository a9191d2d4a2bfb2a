"""Parquet files, and folders of them whose names may say what is equal in all of their rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from valuebox.files.packed import PARQUET, readable
from valuebox.files.problems import BadFile

_MISSING: Final = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file that can be read."""

    path: Path
    names: list[str]
    """Names of the columns, including those that folders such as `country_segment=US` name."""
    users: int
    """Number of rows."""

    def batches(
        self, columns: Sequence[str], size: int, few: frozenset[str]
    ) -> Iterator[pa.RecordBatch]:
        """All rows in file order, in the types of the file.

        Args:
            columns: Names of those to read.
            size: Rows at once, at most.
            few: Columns of text with few different values, which come as dictionaries.

        Raises:
            BadFile: when the file cannot be read to its end.
        """
        said = _partition(self.path)
        rows = 0
        with readable(self.path), _open(self.path, few) as file:
            stored = [name for name in columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(size, columns=stored):
                rows += batch.num_rows
                found = {name: batch[name] for name in stored}
                found |= {
                    name: _constant(said[name], batch.num_rows)
                    for name in columns
                    if name not in found
                }
                yield pa.record_batch([found[name] for name in columns], names=list(columns))
        if rows != self.users:
            raise BadFile(f"{self.path}: has {self.users:,} rows, of which {rows:,} can be read")


def open_parquet(path: Path) -> list[ParquetFile]:
    """Look at the columns of a file, or of all files in a folder.

    Raises:
        BadFile: when a file cannot be read, two have different columns, or there are none.
    """
    found = []
    for file in _files(path):
        with readable(file), _open(file) as opened:
            stored, rows = opened.schema_arrow.names, opened.metadata.num_rows
        # What a file says itself counts more than where it lies.
        said = [name for name in _partition(file) if name not in stored]
        found.append(ParquetFile(file, stored + said, rows))
    first = found[0]
    for other in found[1:]:
        if differing := set(first.names) ^ set(other.names):
            what = ", ".join(sorted(differing))
            raise BadFile(f"{other.path}: has other columns than {first.path.name}: {what}")
    return found


def is_parquet(path: Path, begin: bytes) -> bool:
    """Whether a file is meant to be Parquet, by what it begins with or by its name."""
    return begin.startswith(PARQUET) or path.suffix == ".parquet"


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    # What begins like this is not data: files of Spark, unfinished ones, the parts of a run.
    files = sorted(
        file
        for file in path.rglob("*.parquet")
        if file.is_file()
        and not any(
            part.startswith(("_", ".")) or part.endswith(".parts")
            for part in file.relative_to(path).parts
        )
    )
    if not files:
        raise BadFile(f"{path}: is a folder without Parquet files")
    return files


def _partition(file: Path) -> dict[str, str | None]:
    """What the names of the folders around a file say of its rows: `column=value`, as Hive does."""
    found: dict[str, str | None] = {}
    for folder in file.absolute().parents:
        name, equals, value = folder.name.partition("=")
        if not (name and equals):
            break
        found[unquote(name)] = None if value == _MISSING else unquote(value)
    return found


def _open(path: Path, few: frozenset[str] = frozenset()) -> pq.ParquetFile:
    if not few:
        return pq.ParquetFile(path)
    texts = [one.name for one in pq.read_schema(path) if pa.types.is_string(one.type)]
    # Buffering ahead would fetch a whole row group before its first row is handed out.
    chosen = [name for name in texts if name in few]
    return pq.ParquetFile(path, read_dictionary=chosen, pre_buffer=False)


def _constant(value: str | None, rows: int) -> pa.Array:
    codes = pa.array(np.zeros(rows, np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array([value], pa.string()))
