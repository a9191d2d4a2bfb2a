"""Columns of attributes and properties: names and numbers, as JSON has them."""

import json
import math
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

from valuebox_cli.importing.columns.arrays import distinct, holds, plain, spelled, trimmed
from valuebox_cli.importing.columns.texts import TextColumn, TextReader
from valuebox_cli.importing.columns.unclear import Examples, UnclearColumn

As = Literal["name", "number"]

# Leading zeros, a plus, or more digits than a float holds are those of a code, and so is "2e5";
# an exponent with its sign is what programs write of large and small numbers.
_NUMBER: Final = r"^-?(0|[1-9]\d{0,14})(\.\d{1,20})?([eE][+-]\d{2,3})?$"
# Digits behind a point, but for the single 0 of floats that are whole.
_FRACTION: Final = r"\.(?P<digits>\d*[1-9]\d*|0\d+)(?:[eE].*)?$"


@dataclass(frozen=True)
class PlainReader:
    """Reads a column of which it is clear whether it holds names or numbers."""

    note: str
    """How the column is read, in words."""
    as_: As | None
    """What texts and numbers are made; None leaves them what they are."""
    names: TextReader

    def read(self, values: pa.Array | pa.ChunkedArray) -> NDArray[np.object_]:
        """A batch, `(n_rows,)`: what JSON has, or None where a value is missing.

        Whole numbers have no point, so that 101.0 is 101.
        """
        kind = values.type
        if (types.is_nested(kind) or isinstance(kind, pa.JsonType)) and self.as_ is None:
            found = np.empty(len(values), dtype=object)
            for row, value in enumerate(values.to_pylist()):
                found[row] = _json(json.loads(value) if isinstance(value, str) else value)
            return found
        values = plain(values)
        if types.is_string(values.type):
            if self.as_ == "number":
                return distinct(trimmed(values)).spread(_number)
            return _blank_as_none(self.names.read(values) if self.as_ == "name" else values)
        if self.as_ == "name":
            return self.names.read(values)
        return distinct(values).spread(_json)


class PlainColumn:
    """A column of names or numbers, until it is clear which of them."""

    def __init__(self, name: str, as_: As | None = None):
        """Begin with nothing seen.

        Args:
            name: Of the column, for what is said of it.
            as_: What it holds, if the mapping says so.
        """
        self._name, self._as = name, as_
        self._before = 0
        self._names = TextColumn(name)
        self._has_texts = False
        self._is_mixed = False
        self._lengths: set[int] = set()
        """How many digits stand behind the points of texts, but for a single 0."""
        self._has_zeros = False
        """Whether any digits behind a point end in a 0."""
        self._others = Examples()

    def see(self, values: pa.Array | pa.ChunkedArray) -> None:
        """Look at a batch; at all of them, in the order of the rows."""
        before, self._before = self._before, self._before + len(values)
        if self._as == "name":
            self._names.see(values)
            return
        if self._as is None and isinstance(values.type, pa.JsonType):
            # There every value says itself whether it is a number.
            self._is_mixed = True
            return
        values = plain(values)
        if types.is_string(values.type):
            texts = trimmed(values)
            self._has_texts |= texts.null_count < len(texts)
            if self._as == "number":
                each = distinct(texts)
                no_number = np.array(
                    [_number(one) is None for one in each.values.to_pylist()], dtype=bool
                )
                others = each.rows(no_number, False)
            elif self._others:
                return
            else:
                others = ~holds(pc.match_substring_regex(texts, _NUMBER).fill_null(True))
                self._see_fractions(distinct(texts).values)
            self._others.add(texts, others, before)

    def _see_fractions(self, texts: pa.Array) -> None:
        digits = pc.struct_field(pc.extract_regex(texts, _FRACTION), "digits").drop_null()
        self._lengths.update(pc.unique(pc.utf8_length(digits)).to_pylist())
        self._has_zeros |= bool(pc.any(pc.ends_with(digits, "0")).as_py())

    @property
    def _has_versions(self) -> bool:
        """Whether 1.1 and 1.10 may be two: programs write all zeros at the end, or none."""
        return self._has_zeros and len(self._lengths) > 1

    def decide(self) -> PlainReader:
        """How to read the column.

        Raises:
            UnclearColumn: when the mapping says that all are numbers, and some are not.
        """
        as_ = self._as
        if as_ == "number" and self._others:
            raise UnclearColumn(f"{self._name} is said to hold numbers, but has {self._others}")
        are_codes = self._others or self._is_mixed or self._has_versions
        if as_ is None and self._has_texts and not are_codes:
            as_ = "number"
        return PlainReader(f"{as_}s" if as_ else "as they are", as_, self._names.decide())


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return _json(float(text))  # type: ignore[no-any-return]
    except ValueError:
        return None


def _blank_as_none(values: NDArray[np.object_] | pa.Array) -> NDArray[np.object_]:
    if isinstance(values, np.ndarray):
        return values
    found: NDArray[np.object_] = pc.if_else(
        pc.utf8_is_space(values), pa.scalar(None, pa.string()), values
    ).to_numpy(zero_copy_only=False)
    return found


def _json(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (float, Decimal)):
        number = float(value)
        if not math.isfinite(number):
            return None
        # Beyond 2**53 not every whole number is a float: nothing says which one was meant.
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return spelled(value)
    if isinstance(value, dict):
        return {str(name): _json(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(one) for one in value]
    return str(value)
