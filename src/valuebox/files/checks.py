"""Batches of rows of a file: checked by the rules of `typed`, at a fraction of the cost.

`typed` says what is good. Here it is asked once for every different value of a column, and not at
all where Arrow can tell that all values of a batch are good.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox.files.problems import Problems
from valuebox.files.typed import MISSING, Report, typed
from valuebox.schemas.columns import Column, Id, Joined, Kind, Text
from valuebox.schemas.moments import FIRST_YEAR, LAST_YEAR

# One digit less than the largest id, so that none is too large.
_PLAIN_ID: Final = r"^[0-9]{1,18}$"
_FIRST: Final = pa.scalar(datetime(FIRST_YEAR, 1, 1), pa.timestamp("us"))
_LAST: Final = pa.scalar(datetime(LAST_YEAR, 12, 31), pa.timestamp("us"))


def checked(
    rows: pa.Table, rows_before: int, known: Mapping[str, Column]
) -> tuple[dict[str, Any], Problems]:
    """Check a batch of rows.

    Args:
        rows: As `Source.batches` gives them.
        rows_before: Rows of the file above the batch.
        known: The columns that are known, by name; others are kept as far as they are legible.

    Returns:
        Arrays by name of the column, of texts a `pd.Categorical` where they are known and have few
        values; and what cannot be used, in which case the arrays mean nothing.
    """
    problems = Problems()

    def report(bad: Any, what: str) -> None:
        problems.add(bad, what, rows_before)

    found: dict[str, Any] = {}
    for name in rows.column_names:
        column = known.get(name)
        if column is not None or _is_legible(rows[name].type):
            found[name] = _Check(name, column, report).values(rows[name])
    return found, problems


@dataclass(frozen=True)
class _Check:
    """How the values of a column are checked."""

    name: str
    column: Column | None
    """What is known of the column; None where it is another one."""
    report: Report

    @property
    def kind(self) -> Kind | None:
        return self.column.kind if self.column else None

    def values(self, column: pa.ChunkedArray) -> Any:
        match self.kind:
            case Id():
                return self._ids(column)
            case Joined():
                return self._moments(column)
            case Text() | None:
                return self._looked_up(column)
        return self._numbers(column)

    def _ids(self, column: pa.ChunkedArray) -> NDArray[np.int64]:
        if pa.types.is_floating(column.type):
            column = _floats_as_text(column)
        ids = _plain_ids(column)
        return self._looked_up(column) if ids is None else ids

    def _moments(self, column: pa.ChunkedArray) -> NDArray[np.datetime64]:
        if not _are_plain_moments(column):
            looked_up: NDArray[np.datetime64] = self._looked_up(column)
            return looked_up.astype("datetime64[us]")
        moments: NDArray[np.datetime64] = column.cast(pa.timestamp("us"), safe=False).to_numpy()
        return moments

    def _numbers(self, column: pa.ChunkedArray) -> Any:
        if not (_is_number(column.type) or pa.types.is_boolean(column.type)):
            return self._looked_up(column)
        numbers = pd.Series(column.cast(pa.float64()).to_numpy())
        return typed(self.name, self.kind, numbers, self.report).to_numpy()

    def _looked_up(self, column: pa.ChunkedArray) -> Any:
        """Check the different values of a column and spread them over its rows."""
        name = self.name
        try:
            if not pa.types.is_dictionary(column.type):
                column = column.cast(pa.string()).dictionary_encode()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            every = np.ones(len(column), dtype=bool)
            self.report(every, f"{name} is of the type {column.type}")
            return np.zeros(len(column), dtype=np.int64)
        encoded = column.unify_dictionaries().combine_chunks()
        codes = encoded.indices.fill_null(-1).to_numpy()
        # A missing one comes last, where -1 leads to.
        listed = [*encoded.dictionary.cast(pa.string()).to_pylist(), None]
        different = pd.Series(listed, dtype=object)
        different[different.isin(MISSING)] = None
        values = typed(
            name,
            self.kind,
            different,
            lambda bad, what: self.report(np.asarray(bad)[codes], what),
        )
        if self.column and self.column.required:
            self.report(different.isna().to_numpy()[codes], f"{name} is missing")
        if isinstance(self.kind, Text):
            return pd.Categorical(values).take(codes)
        return values.to_numpy()[codes]


def _is_legible(kind: pa.DataType) -> bool:
    """Whether what a column holds besides our own can be told as text."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    is_view = pa.types.is_string_view(kind)
    is_number = pa.types.is_primitive(kind) or pa.types.is_decimal(kind)
    return bool(is_text or is_view or is_number or pa.types.is_null(kind))


def _plain_ids(column: pa.ChunkedArray) -> NDArray[np.int64] | None:
    """The ids as numbers, or None where they have to be looked at one by one."""
    kind = column.type
    is_text = pa.types.is_string(kind)
    is_number = _is_number(kind) and not pa.types.is_floating(kind)
    if column.null_count or not (is_text or is_number):
        return None
    if is_text and not pc.all(pc.match_substring_regex(column, _PLAIN_ID)).as_py():
        return None
    try:
        ids: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    return ids if not ids.size or ids.min() >= 0 else None


def _floats_as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers as digits, where no other number could have become the same float."""
    exact = 2.0 ** (np.finfo(column.type.to_pandas_dtype()).nmant + 1)
    values = column.cast(pa.float64()).to_numpy()
    missing = np.isnan(values)
    with np.errstate(invalid="ignore"):
        is_whole = (values >= 0) & (values < exact) & (values == np.floor(values))
    if (is_whole | missing).all():
        whole = pa.array(np.where(is_whole, values, 0).astype(np.int64), mask=missing)
        return pa.chunked_array([whole])
    texts = [
        None if gone else str(int(value)) if good else f"{value!r}, not whole"
        for value, good, gone in zip(values.tolist(), is_whole, missing, strict=True)
    ]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _are_plain_moments(column: pa.ChunkedArray) -> bool:
    kind = column.type
    is_moment = pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)
    if column.null_count or not (is_moment or pa.types.is_string(kind)):
        return False
    try:
        ends = pc.min_max(column.cast(pa.timestamp("us"), safe=False))
    except pa.ArrowInvalid:
        return False
    starts = pc.greater_equal(ends["min"], _FIRST)
    return bool(pc.and_(starts, pc.less_equal(ends["max"], _LAST)).as_py())


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    )
