"""Where rows are read from: files, folders of files, and databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from valuebox.files.columnar import is_parquet
from valuebox.files.layout import UTF_8, Layout
from valuebox.files.packed import begins_with
from valuebox.files.problems import BadFile
from valuebox.files.source import Source as FileSource
from valuebox.files.source import open_source as open_file
from valuebox.files.text import CsvFile, open_csv
from valuebox.files.typed import MISSING
from valuebox_cli.importing.database import Database, read_only
from valuebox_cli.importing.opened import BATCH, BadSource, Opened, Source
from valuebox_cli.importing.parts import Table

_PARQUET: Final = ".parquet"
PACKED: Final = (".gz", ".bz2", ".xz", ".zst", ".zip")
_TEXTS: Final = (".csv", ".tsv", ".txt")
_SQLITE: Final = (".db", ".sqlite", ".sqlite3")
_HINTS: Final = {
    "separated by semicolons": ': say delimiter = ";" in the mapping',
    "separated by tabs": ': say delimiter = "tab" in the mapping',
    "separated by bars": ': say delimiter = "|" in the mapping',
    "separated by commas": ': say delimiter = "," in the mapping, or nothing',
    "is UTF-16": ', or say encoding = "utf-16" in the mapping',
    "is no UTF-8": '; say its encoding in the mapping, such as "cp1252" for Western Europe',
}


def open_source(given: str) -> Source:
    """A source as it is named on the command line: a file, a folder, or a database URL.

    Raises:
        BadSource: when it is none of these.
    """
    if "://" in given:
        return Database.of(given)
    path = Path(given)
    if not path.exists():
        raise BadSource(f"{given}: there is no such file or folder, and it is no database URL")
    if path.is_dir():
        return _Folder(path)
    if _stem(path) is not None:
        return _File(path)
    if path.suffix in _SQLITE:
        return Database(read_only(path), path.stem)
    endings = ", ".join((*_TEXTS, *(f".csv{one}" for one in PACKED), _PARQUET, *_SQLITE))
    raise BadSource(f"{given}: the name ends in none of {endings}")


def _stem(path: Path) -> str | None:
    """The name without what says its format; None where that is not known."""
    name = path.with_suffix("") if path.suffix.lower() in PACKED else path
    return name.stem if name.suffix.lower() in (*_TEXTS, _PARQUET) else None


class _File:
    has_order = True

    def __init__(self, path: Path):
        self.name = _stem(path) or path.stem
        self._path = path

    @contextmanager
    def open(self, rows: Table) -> Iterator[Opened]:
        if rows.table not in (None, self.name):
            raise BadSource(
                f"{self._path}: the mapping names the table {rows.table}; "
                "for several files give their folder"
            )
        yield _opened(self._path, rows)


class _Folder:
    has_order = True

    def __init__(self, path: Path):
        self.name = path.absolute().name
        self._path = path

    @contextmanager
    def open(self, rows: Table) -> Iterator[Opened]:
        if rows.table is None:
            raise BadSource(f"{self._path}: a folder has many files: the mapping has to name one")
        found = sorted(one for one in self._path.iterdir() if _stem(one) == rows.table)
        if len(found) != 1:
            names = f"{rows.table}.csv nor {rows.table}{_PARQUET}"
            which = (
                f"both {' and '.join(one.name for one in found)}" if found else f"neither {names}"
            )
            raise BadSource(f"{self._path}: has {which}")
        yield _opened(found[0], rows)


def _opened(path: Path, rows: Table) -> "_Rows":
    if rows.query:
        raise BadSource(f"{path}: is no database, which a query needs")
    with _hints():
        if path.is_dir() or is_parquet(path, begins_with(path)):
            return _Rows(open_file(path))
        layout = Layout(
            rows.delimiter or ("\t" if ".tsv" in path.suffixes else ","),
            rows.encoding or UTF_8,
            tuple(rows.columns) if rows.columns else None,
        )
        return _Rows(open_csv(path, layout))


class _Rows:
    """The rows of a file."""

    def __init__(self, file: CsvFile | FileSource):
        self.called, self.names = str(file.path), file.names
        self._file = file

    def batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        with _hints():
            if isinstance(self._file, CsvFile):
                for batch in self._file.batches(columns):
                    known = pa.record_batch([_known(one) for one in batch.columns], names=columns)
                    for start in range(0, known.num_rows, BATCH):
                        yield known.slice(start, BATCH)
            else:
                for table in self._file.batches(BATCH, columns):
                    yield from table.combine_chunks().to_batches()


def _known(texts: pa.Array) -> pa.Array:
    """Texts, with null for those that say that something is missing."""
    missing = pc.is_in(texts, pa.array(MISSING))
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts)


@contextmanager
def _hints() -> Iterator[None]:
    """Say what to write into the mapping, where a file is laid out in another way."""
    try:
        yield
    except BadFile as error:
        said = str(error)
        hint = next((more for what, more in _HINTS.items() if what in said), "")
        raise BadFile(said + hint) from None
