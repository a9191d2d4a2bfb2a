"""A source of tables, and a table that was opened, wherever these come from."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Final, Protocol

import pyarrow as pa

from valuebox.errors import ValueboxError
from valuebox_cli.importing.parts import Table

BATCH: Final = 20_000


class BadSource(ValueboxError):
    """The source cannot be read; the message says where and why, and holds no password."""


class Opened(Protocol):
    """A table that is open."""

    called: str
    """What messages call the table."""
    names: list[str]
    """Names of the columns."""

    def batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """All rows in their order, at most `BATCH` at a time; they can be read once.

        Raises:
            ValueboxError: when the table cannot be read to its end.
        """
        ...


class Source(Protocol):
    """A source that tables are read from."""

    name: str
    """Name of the source, as far as can be told."""
    has_order: bool
    """Whether rows come in the same order every time."""

    def open(self, rows: Table) -> AbstractContextManager[Opened]:
        """Open a table.

        Raises:
            ValueboxError: when there is no such table, or it cannot be read.
        """
        ...
