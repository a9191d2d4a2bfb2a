"""Columns of an import, as an import reads them: seen in batches, decided, and read in batches."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from valuebox_cli.importing.columns.arrays import of_objects

Reader = TypeVar("Reader", covariant=True)


class Column(Protocol[Reader]):
    """Any of them."""

    def see(self, values: pa.Array) -> None:
        """Look at a batch."""
        ...

    def decide(self) -> Reader:
        """How to read the column."""
        ...


def array(values: Sequence[Any] | pa.Array) -> pa.Array:
    """Values as a source hands them out."""
    return values if isinstance(values, pa.Array) else of_objects(values)


def decided(column: Column[Reader], values: Sequence[Any] | pa.Array) -> Reader:
    """The reader of a column that was seen in two batches."""
    seen = array(values)
    column.see(seen[: len(seen) // 2])
    column.see(seen[len(seen) // 2 :])
    return column.decide()
