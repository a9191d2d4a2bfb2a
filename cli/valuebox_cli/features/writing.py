"""Tables of features into files: JSON lines, CSV or Parquet, by the name of the file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from valuebox.errors import ValueboxError
from valuebox.features.declared.building import Table, listed
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.scalars import text
from valuebox_cli.terminal.console import writing

KINDS: Final = (".jsonl", ".csv", ".parquet")
_AT_ONCE: Final = 50_000


def check_kind(file: Path) -> None:
    """Refuse a file whose name does not say what it will be.

    Raises:
        ValueboxError: naming it.
    """
    if file.suffix not in KINDS:
        raise ValueboxError(f"{file}: should end in {', '.join(KINDS)}")


def write_table(table: Table, file: Path) -> None:
    """Write a table; the file is there whole, or not at all."""
    part = file.with_name(f"{file.name}.part")
    with writing(file):
        try:
            if file.suffix == ".jsonl":
                with part.open("wb") as opened:
                    for some in _lines(table):
                        opened.write(some)
            elif file.suffix == ".csv":
                csv.write_csv(_arrow(table), part)
            else:
                parquet.write_table(_arrow(table), part)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)


def _lines(table: Table) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    columns = {name: listed(column) for name, column in table.columns.items()}
    rows = zip(*columns.values(), strict=True)
    names = list(columns)
    some = []
    for row in rows:
        some.append(dict(zip(names, row, strict=True)))
        if len(some) == _AT_ONCE:
            yield encoder.encode_lines(some)
            some = []
    yield encoder.encode_lines(some)


def _arrow(table: Table) -> pa.Table:
    return pa.table({name: _array(column) for name, column in table.columns.items()})


def _array(column: Any) -> pa.Array:
    """A column as Arrow has it: numbers, moments, truths, or texts."""
    if not isinstance(column, Coded):
        if column.dtype.kind == "M":
            return pa.array(column, pa.timestamp("us", "UTC"))
        return pa.array(column, from_pandas=True)
    kinds = {type(one) for one in column.values}
    if kinds <= {int, float}:
        values = pa.array([float(one) for one in column.values], pa.float64())  # type: ignore[arg-type]
    elif kinds == {bool}:
        values = pa.array(column.values, pa.bool_())
    else:
        values = pa.array([text(one) for one in column.values], pa.string())
    codes = pa.array(column.codes, mask=np.asarray(column.codes) < 0)
    return values.take(codes)
