"""Rows of some customers, kept until all rows are there and the types of columns are known."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from valuebox.facts.event_files.texts import ArrowTexts
from valuebox.features.declared.building import Table
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.scalars import Scalar, text

_JSON: Final = {b"values": b"JSON"}
"""Says of a column that its texts are JSON: values may be of several kinds."""
_MOMENT: Final = pa.timestamp("us", "UTC")
_LARGEST_OF_FLOATS: Final = 2**53
"""Whole numbers beyond it lose digits as floats."""
_LONG: Final = pa.int64()
"""The kind of such numbers, which columns of Arrow hold."""


def piece_of(table: Table) -> pa.RecordBatch:
    """Rows with values as they are, whatever kinds of them other pieces have."""
    fields, columns = [], []
    for name, column in table.columns.items():
        array = _array(column)
        is_json = pa.types.is_dictionary(array.type)
        fields.append(pa.field(name, array.type, metadata=_JSON if is_json else None))
        columns.append(array)
    return pa.record_batch(columns, schema=pa.schema(fields))


def _array(column: Any) -> pa.Array:
    if not isinstance(column, Coded):
        if column.dtype.kind == "M":
            return pa.array(column, _MOMENT)
        return pa.array(column, from_pandas=True)
    codes = np.asarray(column.codes)
    if isinstance(column.values, ArrowTexts):
        taken = column.values.array.take(pa.array(codes, mask=codes < 0))
        return taken.cast(pa.string())
    # Values that no row has would decide on the type of the column.
    used, place = np.unique(codes, return_inverse=True)
    written = pa.array(
        [json.dumps(column.values[one]) for one in used[used >= 0].tolist()], pa.string()
    )
    places = pa.array((place - (used < 0).sum()).astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(places, written)


def schema_of(pieces: Iterable[pa.RecordBatch]) -> pa.Schema:
    """The columns of a file of all pieces: numbers, moments, truths, or texts.

    Whole numbers that floats would round are whole in the file, or texts beside fractions.
    """
    kinds: dict[str, set[Any]] = {}
    for piece in pieces:
        for field, column in zip(piece.schema, piece.columns, strict=True):
            found = kinds.setdefault(field.name, set())
            if field.metadata == _JSON:
                found |= set(map(_kind, _values(column)))
            else:
                found.add(field.type)
    return pa.schema([(name, _type(found)) for name, found in kinds.items()])


def _kind(value: Scalar) -> Any:
    if type(value) is not int or abs(value) <= _LARGEST_OF_FLOATS:
        return type(value)
    return _LONG if -(2**63) <= value < 2**63 else str


def _type(kinds: set[Any]) -> pa.DataType:
    if kinds == {_MOMENT}:
        return _MOMENT
    if kinds <= {int, float, pa.float64()}:
        return pa.float64()
    # Beside fractions, long whole numbers are texts: as numbers they would lose digits.
    if kinds <= {int, _LONG}:
        return pa.int64()
    return pa.bool_() if kinds == {bool} else pa.string()


def _values(column: pa.DictionaryArray) -> list[Scalar]:
    return [json.loads(one) for one in column.dictionary.to_pylist()]


def table_of(piece: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """Rows in the columns of a file."""
    columns = []
    for wanted, field, column in zip(schema, piece.schema, piece.columns, strict=True):
        if field.metadata == _JSON:
            values: Sequence[Any] = _values(column)
            if pa.types.is_string(wanted.type):
                values = [text(one) for one in values]
            elif pa.types.is_floating(wanted.type):
                values = [float(one) for one in values]
            column = pa.array(values, wanted.type).take(column.indices)
        columns.append(column)
    return pa.table(columns, schema=schema)


def objects_of(piece: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Rows as JSON has them: moments as texts with a Z."""
    names = piece.schema.names
    columns = [
        listed(field, column) for field, column in zip(piece.schema, piece.columns, strict=True)
    ]
    for row in zip(*columns, strict=True):
        yield dict(zip(names, row, strict=True))


def listed(field: pa.Field, column: pa.Array) -> list[Any]:
    """The values of a column as JSON has them."""
    if field.metadata == _JSON:
        known = [*_values(column), None]
        return [known[code] for code in column.indices.fill_null(-1).to_pylist()]
    if field.type == _MOMENT:
        moments = column.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
        return [f"{one}Z" for one in np.datetime_as_string(moments, unit="us").tolist()]
    found: list[Any] = column.to_pylist()
    return found
