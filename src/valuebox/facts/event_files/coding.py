"""Codes of values that come part by part: the same value has the same code in all of them."""

import json
from itertools import groupby
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox.facts.event_files.texts import ArrowTexts
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.scalars import Scalar, scalar

_CODES: Final = (np.int8, np.int16, np.int32)
_MANY: Final = 1_000
"""Different texts from which on they stay with Arrow."""


class Coder:
    """A column that is put together of its parts."""

    def __init__(self) -> None:
        self._parts: list[tuple[pa.Array, bool]] = []

    def add(self, part: pa.Array, is_json: bool = False) -> None:
        """Take texts, numbers or truths, null for missing.

        Args:
            part: A part of the column.
            is_json: Whether its texts say values as JSON does.
        """
        self._parts.append((part, is_json))

    def column(self) -> Coded:
        """All values, each with one code; empty texts are missing unless JSON said them."""
        parts = [
            _coded(pa.chunked_array([part for part, _ in some], kind), is_json)
            for (kind, is_json), some in groupby(self._parts, lambda one: (one[0].type, one[1]))
        ]
        self._parts = []
        if len(parts) == 1:
            return parts[0]
        known: dict[tuple[type, Scalar], int] = {}
        codes = [np.empty(0, dtype=np.int32)]
        for part in parts:
            new = [known.setdefault((one.__class__, one), len(known)) for one in part.values]
            codes.append(np.array([*new, -1], dtype=np.int32)[part.codes])
        return Coded(np.concatenate(codes), [value for _, value in known])


def _coded(column: pa.ChunkedArray, is_json: bool) -> Coded:
    is_dictionary = pa.types.is_dictionary(column.type)
    column = column.unify_dictionaries() if is_dictionary else column.dictionary_encode()
    dictionary = column.chunk(0).dictionary
    # Codes of a byte are quicker to put in order, and there are a dozen columns of them.
    kind = next(one for one in _CODES if len(dictionary) < np.iinfo(one).max)
    codes: NDArray[Any] = np.concatenate([_codes(one.indices, kind) for one in column.chunks])
    if is_json:
        return _usable(codes, [json.loads(one) for one in dictionary.to_pylist()])
    if not pa.types.is_string(dictionary.type):
        return _usable(codes, dictionary.to_pylist())
    if (empty := pc.index(dictionary, "").as_py()) >= 0:
        codes[codes == empty] = -1
    many = len(dictionary) >= _MANY
    return Coded(codes, ArrowTexts(dictionary) if many else dictionary.to_pylist())


def _codes(indices: pa.Array, kind: type[Any]) -> NDArray[Any]:
    """Codes as an array, -1 for null."""
    if not indices.null_count:
        found: NDArray[Any] = indices.to_numpy().astype(kind)
        return found
    # What stands below null is anything.
    is_there = indices.is_valid().to_numpy(zero_copy_only=False)
    below = np.frombuffer(indices.buffers()[1], indices.type.to_pandas_dtype())
    found = below[indices.offset : indices.offset + len(indices)].astype(kind)
    found[~is_there] = -1
    return found


def _usable(codes: NDArray[Any], values: list[Any]) -> Coded:
    """Values without those that count as missing."""
    found = Coded.of(map(scalar, values))
    return Coded(np.append(found.codes, -1).astype(codes.dtype)[codes], found.values)
