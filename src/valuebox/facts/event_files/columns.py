"""Events out of files of columns, Parquet and CSV, without an object for each row."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox.facts.event_files.normal import TEXTS, batch_of
from valuebox.facts.event_files.rows import moments, text
from valuebox.features.declared.scalars import number, scalar
from valuebox.files.problems import Problems
from valuebox.schemas.moments import FIRST_YEAR, LAST_YEAR

_FIRST: Final = int(np.datetime64(str(FIRST_YEAR), "us").astype(np.int64))
_AFTER: Final = int(np.datetime64(str(LAST_YEAR + 1), "us").astype(np.int64))
_MAYBE: Final = frozenset({"customer", "session", "currency"})
_NUMBERS: Final = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)


def as_json(table: pa.Table) -> pa.Table:
    """Columns as JSON would have their values.

    Decimals are numbers, days and moments are texts, and ids are whole: columns of ids in which
    some are missing are often floats.
    """
    for place, name in enumerate(table.column_names):
        column = table[name]
        if (found := _as_json(name, column)) is not column:
            table = table.set_column(place, name, found)
    return table


def _as_json(name: str, column: pa.ChunkedArray) -> Any:
    kind = column.type
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64()) if kind.scale > 0 else _whole(column)
    is_moment = pa.types.is_timestamp(kind) and name not in ("time", "received_at")
    if pa.types.is_date(kind) or is_moment:
        said = [None if one is None else one.isoformat() for one in column.to_pylist()]
        return pa.array(said, pa.string())
    if pa.types.is_floating(kind) and name in (*TEXTS, "id"):
        values = column.to_numpy()
        if (np.isnan(values) | ((values == np.rint(values)) & (np.abs(values) < 2**53))).all():
            return pa.array(values, pa.int64(), from_pandas=True, safe=False)
    return column


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole decimals as whole numbers, or as texts where they are longer: floats lose digits."""
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return pa.chunked_array(
            [[None if one is None else str(int(one)) for one in column.to_pylist()]], pa.string()
        )


def are_all_named(table: pa.Table) -> bool:
    """Whether every event has an id of its own."""
    ids = _text(table["id"])
    return not ids.null_count and not bool(pc.any(pc.equal(ids, "")).as_py())


def columns_batch(
    table: pa.Table, properties: Sequence[str], source: str, problems: Problems, above: int
) -> pa.RecordBatch | None:
    """Events of some rows of a file; None where something is wrong with a row.

    Args:
        table: The rows, every one with an id.
        properties: Names of the properties that are kept.
        source: Source of all of them where no row has one.
        problems: What is wrong with rows goes here.
        above: Rows of the file before these.
    """
    count = table.num_rows
    there: Mapping[str, pa.Array] = {
        name: table[name].combine_chunks() for name in table.column_names
    }
    nothing = pa.nulls(count, pa.string())
    texts = {name: _text(there[name]) if name in there else nothing for name in TEXTS}
    if _are_missing(there.get("source", nothing)).all():
        texts["source"] = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(count, np.int32)), pa.array([source])
        )
    for name in ("source", "type"):
        problems.add(_are_missing(texts[name]), f"{name}: is missing, or no text", above)
    for name in _MAYBE & there.keys():
        is_lost = _are_missing(_text(there[name])) & ~_are_missing(there[name])
        problems.add(is_lost, f"{name}: is no text", above)
    time, is_bad = _moments(there.get("time", nothing))
    problems.add(is_bad, "time: is no moment in ISO 8601", above)
    received = time
    if "received_at" in there:
        received, is_bad = _moments(there["received_at"])
        are_missing = _are_missing(there["received_at"])
        received = np.where(are_missing, time, received)
        problems.add(is_bad & ~are_missing, "received_at: is no moment in ISO 8601", above)
    amount, is_bad = _amounts(there.get("amount", nothing))
    problems.add(is_bad, "amount: is no number", above)
    if problems:
        return None
    kept = {name: _values(there[name]) if name in there else nothing for name in properties}
    return batch_of(texts, _text(there["id"]), time, received, amount, kept, are_json=False)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _text(column: Any) -> Any:
    """Texts, also of whole numbers, as ids of files are; null where there are none."""
    kind = column.type
    if pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type):
        return column
    if _is_text(kind) or pa.types.is_integer(kind):
        return column.cast(pa.string())
    if pa.types.is_dictionary(kind) or pa.types.is_binary(kind) or pa.types.is_string_view(kind):
        return pa.array([text(one) for one in column.to_pylist()], pa.string())
    return pa.nulls(len(column), pa.string())


def _are_missing(column: pa.Array) -> NDArray[np.bool_]:
    """Which values are null or empty texts."""
    found = column.is_null().to_numpy(zero_copy_only=False)
    if not _is_text(column.type):
        return np.asarray(found)
    is_empty = (
        pc.equal(column.dictionary, "").take(column.indices)
        if pa.types.is_dictionary(column.type)
        else pc.equal(column, "")
    )
    return np.asarray(found | is_empty.fill_null(False).to_numpy(zero_copy_only=False))


def _values(column: pa.Array) -> pa.Array:
    """Values of a property: texts, numbers or truths; null for everything else."""
    if _is_text(column.type):
        return _text(column)
    if any(is_kind(column.type) for is_kind in _NUMBERS):
        return column
    return pa.array([_plain(one) for one in column.to_pylist()], pa.string())


def _plain(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _moments(column: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Moments in microseconds since 1970, 0 for none, and which values are none."""
    if not pa.types.is_timestamp(column.type):
        return moments(column.to_pylist())
    found = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64())
    time = found.fill_null(-1).to_numpy(zero_copy_only=False)
    is_bad = (time < _FIRST) | (time >= _AFTER)
    return np.where(is_bad, 0, time), is_bad


def _amounts(column: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Amounts, NaN where there is none, and which values are no numbers."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        found = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        return found, ~np.isfinite(found) & column.is_valid().to_numpy(zero_copy_only=False)
    found = column.dictionary_encode() if not pa.types.is_dictionary(column.type) else column
    said = found.dictionary.to_pylist()
    each = [number(scalar(one)) for one in said]
    codes = found.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    is_bad = [
        one is None and value not in (None, "") for one, value in zip(each, said, strict=True)
    ]
    values = np.array([*(np.nan if one is None else one for one in each), np.nan])
    return values[codes], np.array([*is_bad, False])[codes]
