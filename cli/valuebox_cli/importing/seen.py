"""The columns of a table: each seen whole as what a mapping takes it for, then read."""

from collections.abc import Hashable
from typing import Any, Protocol

import pyarrow as pa

from valuebox_cli.importing.columns.amounts import AmountColumn, AmountReader
from valuebox_cli.importing.columns.moments import MomentColumn
from valuebox_cli.importing.columns.plain import PlainColumn
from valuebox_cli.importing.columns.texts import TextColumn

Column = MomentColumn | AmountColumn | PlainColumn | TextColumn
Key = Hashable
"""What a column is for."""


class Reader(Protocol):
    """Reads batches of a column that has been seen whole."""

    def read(self, values: pa.Array) -> Any:
        """Read a batch of the column."""
        ...


class Seen:
    """Columns by what they are for."""

    def __init__(self) -> None:
        self._columns: dict[Key, tuple[str, Column]] = {}
        self._readers: dict[Key, Reader] = {}

    def add(self, key: Key, reference: str, column: Column) -> None:
        """Look at a column, called `reference` in batches, as a `column`."""
        self._columns.setdefault(key, (reference, column))

    def has(self, key: Key) -> bool:
        """Whether a column is looked at for this."""
        return key in self._columns

    def see(self, batch: pa.RecordBatch) -> None:
        """Look at a batch of every column, to find out how each is written."""
        for reference, column in self._columns.values():
            column.see(batch[reference])

    def decide(self) -> list[str]:
        """Find out how to read every column, and say what is not to be taken for granted.

        Raises:
            UnclearColumn: when one can be read in several ways.
        """
        said = []
        for key, (reference, column) in self._columns.items():
            if isinstance(column, MomentColumn):
                moments = column.decide()
                said.append(f"{reference} is read as {moments.note}")
                self._readers[key] = moments
            else:
                self._readers[key] = reader = column.decide()
                if isinstance(reader, AmountReader) and reader.decimal == ",":
                    said.append(f"{reference} is read with {reader.note}")
        return list(dict.fromkeys(said))

    def read(self, key: Key, batch: pa.RecordBatch) -> Any:
        """A batch of a column; see the readers of each kind."""
        return self._readers[key].read(batch[self._columns[key][0]])
