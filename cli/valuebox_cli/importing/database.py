"""Tables and queries of whatever SQLAlchemy reaches."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    create_engine,
    event,
    false,
    make_url,
    select,
    text,
)
from sqlalchemy import column as named_column
from sqlalchemy import table as named_table
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from valuebox.store.engine import reason
from valuebox.store.urls import with_driver
from valuebox_cli.importing.columns.arrays import of_objects
from valuebox_cli.importing.opened import BATCH, BadSource, Opened
from valuebox_cli.importing.parts import Table

_DATES: Final = {"DATE": 1082, "TIMESTAMP": 1114, "TIMESTAMPTZ": 1184}
"""Types of PostgreSQL, by the numbers that it has for them."""


def read_only(path: Path) -> Engine:
    """An SQLite file, which is not made where it is not there."""
    query = {"mode": "ro", "uri": "true"}
    return create_engine(URL.create("sqlite", database=f"file:{path.absolute()}", query=query))


class Database:
    """A database of somebody else.

    Args:
        engine: Reaches it.
        name: Of the file or the database.
    """

    has_order = False

    def __init__(self, engine: Engine, name: str):
        self.name = Path(name).stem
        self._engine = engine
        if engine.dialect.name == "postgresql":
            extensions = engine.dialect.loaded_dbapi.extensions
            event.listen(engine, "connect", partial(_prepare_postgresql, extensions))

    @classmethod
    def of(cls, url: str) -> "Database":
        """The database at a URL.

        Raises:
            BadSource: when it is none that can be used; the message holds no password.
        """
        try:
            parsed = with_driver(make_url(url))
            if parsed.get_backend_name() == "sqlite" and parsed.database and not parsed.query:
                path = Path(parsed.database)
                if not path.exists():
                    raise BadSource(f"{path}: there is no such file")
                return cls(read_only(path), path.stem)
            return cls(create_engine(parsed), parsed.database or parsed.get_backend_name())
        except ModuleNotFoundError as error:
            raise BadSource(f"the database URL needs the Python package {error.name}") from None
        except NoSuchModuleError:
            raise BadSource("the database URL names a kind of database that is not known") from None
        except (ArgumentError, ValueError):
            raise BadSource(
                "the database URL cannot be used; it goes like kind://host/name"
            ) from None

    @contextmanager
    def open(self, rows: Table) -> Iterator[Opened]:
        """Open a table or a query."""
        if not (rows.table or rows.query):
            raise BadSource("a database has many tables: the mapping has to name one")
        try:
            with self._engine.connect() as connection:
                yield _Query(connection, rows) if rows.query else _Whole(connection, rows)
        except DBAPIError as error:
            raise BadSource(f"{rows.called}: {reason(error)}") from None
        except SQLAlchemyError as error:
            raise BadSource(f"{rows.called}: cannot be read: {type(error).__name__}") from None
        except (ValueError, OverflowError, UnicodeDecodeError) as error:
            # What drivers say of values that Python does not have.
            raise BadSource(f"{rows.called}: has a value that cannot be read: {error}") from None
        finally:
            self._engine.dispose()


class _Query:
    def __init__(self, connection: Connection, rows: Table):
        self.called = rows.called
        self._result = _streamed(connection, text(rows.query or ""))
        self.names = list(self._result.keys())

    def batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        return _batches(self._result, columns)


class _Whole:
    def __init__(self, connection: Connection, rows: Table):
        self.called = rows.called
        self._connection = connection
        schema, _, name = (rows.table or "").rpartition(".")
        self._of = named_table(name, schema=schema or None)
        nothing = select(text("*")).select_from(self._of).where(false())
        self.names = list(connection.execute(nothing).keys())

    def batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        wanted: list[Any] = [named_column(one) for one in columns]
        query = select(*wanted).select_from(self._of)
        return _batches(_streamed(self._connection, query), columns)


def _streamed(connection: Connection, query: Any) -> CursorResult[Any]:
    return connection.execution_options(yield_per=BATCH).execute(query)


def _batches(result: CursorResult[Any], columns: list[str]) -> Iterator[pa.RecordBatch]:
    # Queries that are texts do not know how many rows were asked for at a time.
    for part in result.columns(*columns).partitions(BATCH):
        values = zip(*part, strict=True)
        yield pa.record_batch([of_objects(list(one)) for one in values], names=columns)


def _prepare_postgresql(extensions: Any, connection: Any, _: Any) -> None:
    # Python has no dates of all years: as texts they come as they are, to be refused by row.
    for name, number in _DATES.items():
        kind = extensions.new_type((number,), name, extensions.UNICODE)
        extensions.register_type(kind, connection)
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
