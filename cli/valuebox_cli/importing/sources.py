"""Where rows are read from: files, folders of files, and whatever SQLAlchemy reaches."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv
from sqlalchemy import URL, Engine, Select, TextClause, create_engine, make_url, select, text
from sqlalchemy import column as named_column
from sqlalchemy import table as named_table
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from valuebox.errors import ValueboxError
from valuebox.ltv.files import MISSING
from valuebox.store.engine import reason, with_driver
from valuebox_cli.importing.mapping import DOT, Table

Rows = dict[str, list[Any]]
"""Values by column, as the source has them."""

BATCH: Final = 20_000
_FILES: Final = (".csv", ".parquet")
_SQLITE: Final = (".db", ".sqlite", ".sqlite3")


class BadSource(ValueboxError):
    """The source cannot be read; the message says where and why, and holds no password."""


class Source(Protocol):
    """Somewhere to read tables from."""

    name: str
    """What it is called, as far as can be told."""

    def batches(self, rows: Table, columns: list[str]) -> Iterator[Rows]:
        """All rows of a table in its order, at most `BATCH` at a time.

        Raises:
            BadSource: when it cannot be read to its end, or lacks a column.
        """
        ...


def open_source(given: str) -> Source:
    """A source as it is named on the command line: a file, a folder, or a database URL.

    Raises:
        BadSource: when it is none of these.
    """
    if "://" in given:
        return _Database(*_engine(given))
    path = Path(given)
    if not path.exists():
        raise BadSource(f"{given}: there is no such file or folder, and it is no database URL")
    if path.is_dir():
        return _Folder(path)
    if path.suffix in _FILES:
        return _File(path)
    if path.suffix in _SQLITE:
        return _Database(create_engine(_read_only(path)), path.stem)
    endings = ", ".join((*_FILES, *_SQLITE))
    raise BadSource(f"{given}: the name ends in none of {endings}")


def _read_only(path: Path) -> URL:
    # SQLite would make a file that is not there.
    query = {"mode": "ro", "uri": "true"}
    return URL.create("sqlite", database=f"file:{path.absolute()}", query=query)


def _engine(given: str) -> tuple[Engine, str]:
    try:
        url = with_driver(make_url(given))
        if url.get_backend_name() == "sqlite" and url.database and not url.query:
            path = Path(url.database)
            if not path.exists():
                raise BadSource(f"{path}: there is no such file")
            url = _read_only(path)
            return create_engine(url), path.stem
        return create_engine(url), url.database or url.get_backend_name()
    except ModuleNotFoundError as error:
        raise BadSource(f"the database URL needs the Python package {error.name}") from None
    except NoSuchModuleError:
        raise BadSource("the database URL names a kind of database that is not known") from None
    except (ArgumentError, ValueError):
        raise BadSource("the database URL cannot be used; it goes like kind://host/name") from None


class _Database:
    def __init__(self, engine: Engine, name: str):
        self.name = Path(name).stem
        self._engine = engine

    def batches(self, rows: Table, columns: list[str]) -> Iterator[Rows]:
        where = rows.table or "the query"
        if not (rows.table or rows.query):
            raise BadSource("a database has many tables: the mapping has to name one")
        query: Select[Any] | TextClause
        if rows.query:
            query = text(rows.query)
        else:
            schema, _, name = (rows.table or "").rpartition(DOT)
            of = named_table(name, *map(named_column, columns), schema=schema or None)
            query = select(of)
        try:
            with self._engine.connect() as connection:
                streaming = connection.execution_options(yield_per=BATCH)
                result = streaming.execute(query)
                _check(where, columns, list(result.keys()))
                for part in result.columns(*columns).partitions():
                    yield dict(zip(columns, map(list, zip(*part, strict=True)), strict=True))
        except DBAPIError as error:
            raise BadSource(f"{where}: {reason(error)}") from None
        except SQLAlchemyError as error:
            raise BadSource(f"{where}: cannot be read: {type(error).__name__}") from None
        finally:
            self._engine.dispose()


class _File:
    def __init__(self, path: Path):
        self.name = path.stem
        self._path = path

    def batches(self, rows: Table, columns: list[str]) -> Iterator[Rows]:
        if rows.table not in (None, self.name):
            raise BadSource(
                f"{self._path}: the mapping names the table {rows.table}; "
                "for several files give their folder"
            )
        yield from _read_file(self._path, rows, columns)


class _Folder:
    def __init__(self, path: Path):
        self.name = path.absolute().name
        self._path = path

    def batches(self, rows: Table, columns: list[str]) -> Iterator[Rows]:
        if rows.table is None:
            raise BadSource(f"{self._path}: a folder has many files: the mapping has to name one")
        files = [self._path / f"{rows.table}{suffix}" for suffix in _FILES]
        found = [file for file in files if file.exists()]
        if len(found) != 1:
            names = " nor ".join(file.name for file in files)
            which = "both " + names.replace("nor", "and") if found else f"neither {names}"
            raise BadSource(f"{self._path}: has {which}")
        yield from _read_file(found[0], rows, columns)


def _read_file(path: Path, rows: Table, columns: list[str]) -> Iterator[Rows]:
    if rows.query:
        raise BadSource(f"{path}: is no database, which a query needs")
    with _readable(path):
        for batch in _parquet(path, columns) if path.suffix == ".parquet" else _csv(path, columns):
            for start in range(0, batch.num_rows, BATCH):
                yield batch.slice(start, BATCH).to_pydict()


def _parquet(path: Path, columns: list[str]) -> Iterable[pa.RecordBatch]:
    with pq.ParquetFile(path, pre_buffer=False) as file:
        _check(str(path), columns, file.schema_arrow.names)
        yield from file.iter_batches(BATCH, columns=columns)


def _csv(path: Path, columns: list[str]) -> Iterable[pa.RecordBatch]:
    if not path.stat().st_size:
        raise BadSource(f"{path}: is no CSV file with a header: it is empty")
    # Texts of other columns may go over several lines.
    parse = csv.ParseOptions(newlines_in_values=True)
    with csv.open_csv(path, parse_options=parse) as reader:
        _check(str(path), columns, reader.schema.names)
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()),
        include_columns=columns,
        strings_can_be_null=True,
        null_values=list(MISSING),
    )
    with csv.open_csv(path, parse_options=parse, convert_options=convert) as reader:
        yield from reader


def _check(where: str, wanted: list[str], there: list[str]) -> None:
    if lacking := [name for name in wanted if name not in there]:
        raise BadSource(
            f"{where}: lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; "
            f"it has {', '.join(there)}"
        )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise BadSource(f"{path}: cannot be read: {error}") from None
