"""Attributes and properties of many rows as JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from valuebox.schemas.values import MAX_ROW_BYTES, storable
from valuebox.store.texts import Texts

Values = NDArray[np.object_]
"""A column of values as JSON has them, `(n_rows,)`; None where one is missing."""

_BETWEEN: Final = ", "


def encoded(columns: Mapping[str, Values], count: int) -> pa.Array:
    """An object for every row, as `json.dumps` writes it; null where all values are missing.

    Args:
        columns: Values by the names that they have in the objects.
        count: Of the rows.
    """
    if not columns:
        return pa.nulls(count, pa.string())
    members = [
        pc.binary_join_element_wise(f"{_BETWEEN}{json.dumps(name)}: ", _each(values), "")
        for name, values in columns.items()
    ]
    # Skipping what is null would skip rows of which everything is.
    joined = pc.binary_join_element_wise(*members, "", null_handling="replace", null_replacement="")
    inside = pc.utf8_slice_codeunits(joined, len(_BETWEEN))
    braced = pc.binary_join_element_wise("{", inside, "}", "")
    return pc.if_else(pc.equal(inside, ""), pa.scalar(None, pa.string()), braced)


def _each(values: Values) -> pa.Array:
    """Each value as JSON; null where it is missing."""
    column = _column(values)
    if column is not None and pa.types.is_string(column.type):
        each = column.dictionary_encode()
        written = pa.array([json.dumps(one) for one in each.dictionary.to_pylist()], pa.string())
        return written.take(each.indices)
    if column is not None and not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    known: dict[Any, str] = {}
    return pa.array([None if one is None else _dumped(one, known) for one in values], pa.string())


def _column(values: Values) -> pa.Array | None:
    """Values in an array, where all of them are texts, whole numbers or numbers."""
    try:
        column = pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return None
    return None if pa.types.is_nested(column.type) else column


def _dumped(value: Any, known: dict[Any, str]) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value)
    # Without its type, 1 would be what True is.
    key = value.__class__, value
    if (found := known.get(key)) is None:
        found = known[key] = json.dumps(value)
    return found


def unstorable(values: Values) -> NDArray[np.bool_]:
    """Which values hold NUL, or half of a surrogate pair, which databases have no text for."""
    column = _column(values)
    if column is None:
        return np.array([not _is_storable(one) for one in values], dtype=bool)
    if not pa.types.is_string(column.type):
        return np.zeros(len(values), dtype=bool)
    found: NDArray[np.bool_] = (
        pc.match_substring(column, "\0").fill_null(False).to_numpy(zero_copy_only=False)
    )
    return found


def _is_storable(value: Any) -> bool:
    if not isinstance(value, str | dict | list):
        return True
    try:
        storable(value)
        json.dumps(value, ensure_ascii=False).encode()
    except (PydanticCustomError, UnicodeEncodeError):
        return False
    return True


def outsized(encoded_rows: pa.Array) -> NDArray[np.bool_]:
    """Which rows take more bytes as JSON than is stored of one."""
    lengths = pc.binary_length(encoded_rows).fill_null(0)
    found: NDArray[np.bool_] = pc.greater(lengths, MAX_ROW_BYTES).to_numpy(zero_copy_only=False)
    return found


def objects(columns: Mapping[str, Values], rows: Sequence[int]) -> list[dict[str, Any] | None]:
    """Objects of a few rows, as Python has them."""
    return [
        {name: values[row] for name, values in columns.items() if values[row] is not None} or None
        for row in rows
    ]


def stored(texts: pa.Array) -> Texts:
    """A column of JSON on its way into the database."""
    missing = texts.is_null().to_numpy(zero_copy_only=False)
    filled = pa.concat_arrays([texts.fill_null("")])
    _, offsets, octets = filled.buffers()
    ends = np.frombuffer(offsets, np.int32)[filled.offset : filled.offset + len(filled) + 1]
    lengths = np.where(missing, -1, np.diff(ends)).astype(np.int64)
    if octets is None:
        return Texts(lengths, np.zeros(0, dtype=np.uint8))
    return Texts(lengths, np.frombuffer(octets, np.uint8)[ends[0] : ends[-1]])
