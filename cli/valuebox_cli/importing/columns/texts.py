"""Columns of ids and names: texts, whatever they are in the source."""

import json
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

from valuebox_cli.importing.columns.arrays import distinct, plain, trimmed

# Whole numbers, with or without the ".0" that a detour by way of floats leaves behind.
_WHOLE: Final = r"^(-?[1-9]\d*|0)(\.0+)?$"
_POINT_ZERO: Final = r"\.0+$"


def as_texts(values: pa.Array | pa.ChunkedArray) -> NDArray[np.object_]:
    """Ids or names of a batch, `(n_rows,)`: str, or None where one is missing or blank.

    Whole numbers have no point; bytes are the text that they spell, or else hex; moments are
    ISO 8601 with a space; objects and lists are JSON.
    """
    return _objects(_texts(values))


@dataclass(frozen=True)
class TextReader:
    """Reads a column of ids or names."""

    is_whole: bool
    """Whether all values of the column are whole numbers, written as texts."""

    def read(self, values: pa.Array | pa.ChunkedArray) -> NDArray[np.object_]:
        """A batch, `(n_rows,)`: str, or None where one is missing or blank."""
        texts = _texts(values)
        if self.is_whole:
            texts = pc.replace_substring_regex(texts, _POINT_ZERO, "")
        return _objects(texts)


class TextColumn:
    """A column of ids or names, until it is clear whether "101.0" in it is 101."""

    def __init__(self, name: str):
        """Begin with nothing seen."""
        self.name = name
        self._is_whole = True

    def see(self, values: pa.Array | pa.ChunkedArray) -> None:
        """Look at a batch."""
        if self._is_whole and types.is_string((values := plain(values)).type):
            matching = pc.match_substring_regex(trimmed(values), _WHOLE)
            self._is_whole = bool(pc.all(matching, min_count=0).as_py())

    def decide(self) -> TextReader:
        """How to read the column."""
        return TextReader(self._is_whole)


def _texts(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    values = plain(values)
    if types.is_string(values.type):
        return trimmed(values)
    if types.is_integer(values.type):
        return values.cast(pa.string())
    if types.is_nested(values.type) or isinstance(values.type, pa.BaseExtensionType):
        return pa.array([None if one is None else _text(one) for one in values.to_pylist()])
    each = distinct(values)
    return pa.array(each.spread(_text), pa.string())


def _text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value):
        return str(int(value))
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=str)
    return str(value)


def _objects(texts: pa.Array) -> NDArray[np.object_]:
    found: NDArray[np.object_] = texts.to_numpy(zero_copy_only=False)
    return found
