"""Arrow arrays as the columns look at them: of few types, and each distinct value once."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

JSON: Final = pa.json_(pa.string())
"""The type of arrays that hold values of several kinds, such as objects, as JSON."""


class Distinct(NamedTuple):
    """The distinct values of an array, and where each row has which."""

    values: pa.Array
    codes: NDArray[np.int64]
    """Positions in `values`, `(n_rows,)`; -1 where the value is missing."""

    def spread(self, made: Callable[[Any], Any]) -> NDArray[np.object_]:
        """What is made of each value, for every row; None where it is missing."""
        found = np.empty(len(self.values), dtype=object)
        for at, value in enumerate(objects(self.values)):
            found[at] = made(value)
        return self.rows(found, None)

    def rows(self, each: NDArray[Any], missing: Any) -> NDArray[Any]:
        """What each value has, for every row; something else where it is missing."""
        return np.append(each, np.array([missing], dtype=each.dtype))[self.codes]


def plain(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Values of a column in one array, without chunks, codes, views, or large offsets.

    Bytes are the text that they spell, see `spelled`; of JSON each value is the text in it.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    kind = values.type
    if types.is_dictionary(kind):
        return plain(values.dictionary_decode())
    if types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(values))
    if isinstance(kind, pa.UuidType):
        return pa.array([one and str(one) for one in values.to_pylist()], pa.string())
    if isinstance(kind, pa.JsonType):
        texts = [None if one is None else _text(json.loads(one)) for one in objects(values)]
        return pa.array(texts, pa.string())
    if isinstance(kind, pa.BaseExtensionType):
        return plain(values.storage)
    if types.is_null(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return values.cast(pa.string())
    if types.is_float16(kind):
        return values.cast(pa.float32())
    if is_binary(kind):
        return pa.array(distinct(values).spread(spelled), pa.string())
    return values


def is_binary(kind: pa.DataType) -> bool:
    """Whether values are bytes."""
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def is_number(kind: pa.DataType) -> bool:
    """Whether values are numbers; true and false are none."""
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def spelled(octets: bytes) -> str:
    """Bytes as text: what they spell in UTF-8, if all of that can be printed, or else as hex.

    That depends on nothing but the bytes, so that the same ones are the same text in every import.
    """
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return octets.hex()
    return text if text.isprintable() else octets.hex()


def distinct(values: pa.Array) -> Distinct:
    """Each value of an array once."""
    encoded = values.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Distinct(encoded.dictionary, codes.astype(np.int64))


def trimmed(texts: pa.Array) -> pa.Array:
    """Texts without white space around them; blank ones are missing."""
    shorter = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(shorter, ""), pa.scalar(None, pa.string()), shorter)


def holds(found: pa.Array) -> NDArray[np.bool_]:
    """An array of truth values as a mask; what is missing is false."""
    return found.fill_null(False).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def objects(values: pa.Array) -> list[Any]:
    """Values as Python has them; moments of years that Python lacks are texts."""
    try:
        found: list[Any] = values.to_pylist()
    except (OverflowError, ValueError):
        found = values.cast(pa.string()).to_pylist()
    return found


def of_objects(values: Sequence[Any]) -> pa.Array:
    """Values as database drivers hand them out.

    Those of a single kind stay what they are; where kinds are mixed, as SQLite allows, and for
    objects and lists, the array is of JSON.
    """
    known = [_known(one) for one in values]
    kinds = {type(one) for one in known if one is not None}
    if not kinds & {dict, list, tuple} and (len(kinds) <= 1 or kinds == {int, float}):
        try:
            return pa.array(known, from_pandas=True)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            # Integers beyond 64 bits, or a type of the driver's own.
            pass
    texts = [None if one is None else json.dumps(one, default=_text) for one in known]
    return pa.ExtensionArray.from_storage(JSON, pa.array(texts, pa.string()))


def _known(value: Any) -> Any:
    if value != value:
        return None
    if isinstance(value, (memoryview, bytearray)):
        return bytes(value)
    return str(value) if isinstance(value, UUID) else value


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return spelled(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)
