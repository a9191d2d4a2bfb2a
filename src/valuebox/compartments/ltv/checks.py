"""Batches of users: checked by the same rules as other files, at a fraction of the cost.

`files.typed` says what is good. Here it is asked once for every different value of
a column, and not at all where Arrow can tell that all values of a batch are good.
"""

from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox.compartments.ltv.features import CATEGORICAL, Columns
from valuebox.compartments.ltv.files import MISSING, Report, typed
from valuebox.compartments.ltv.names import COLUMNS, REQUIRED, TARGET
from valuebox.files.problems import Problems
from valuebox.schemas.moments import FIRST_YEAR, LAST_YEAR

# One digit less than the largest id, so that none is too large.
_PLAIN_ID: Final = r"^[0-9]{1,18}$"
_FIRST: Final = pa.scalar(datetime(FIRST_YEAR, 1, 1), pa.timestamp("us"))
_LAST: Final = pa.scalar(datetime(LAST_YEAR, 12, 31), pa.timestamp("us"))


def checked(users: pa.Table, rows_before: int) -> tuple[NDArray[np.int64], Columns, Problems]:
    """Check a batch of users.

    Args:
        users: As `Source.batches` gives them.
        rows_before: Rows of the file above the batch.

    Returns:
        The ids, `(n_users,)`; the columns that `LtvModel.predict` takes; and what cannot be
        used of either, in which case they mean nothing.
    """
    problems = Problems()

    def report(bad: Any, what: str) -> None:
        problems.add(bad, what, rows_before)

    ids = _ids(users["user_id"], report)
    _moments(users["join_date"], report)
    columns = {
        name: _values(name, users[name], report)
        for name in users.column_names
        if name not in REQUIRED
    }
    return ids, {"user_id": ids, **columns}, problems


def checked_frame(users: pa.Table, rows_before: int) -> tuple[pd.DataFrame, Problems]:
    """All columns of a batch, checked, as `files.all_users` gives them."""
    problems = Problems()

    def report(bad: Any, what: str) -> None:
        problems.add(bad, what, rows_before)

    found: dict[str, Any] = {}
    for name in users.column_names:
        column = users[name]
        if name == "user_id":
            found[name] = _ids(column, report)
        elif name == "join_date":
            found[name] = _moments(column, report)
        elif name in COLUMNS or name == TARGET or _is_legible(column.type):
            found[name] = _values(name, column, report)
            if _is_text(name):
                texts = pd.Series(found[name], dtype=object)
                found[name] = texts.where(texts.notna(), None)
    return pd.DataFrame(found), problems


def _is_text(name: str) -> bool:
    return name in CATEGORICAL or name not in (*COLUMNS, TARGET)


def _is_legible(kind: pa.DataType) -> bool:
    """Whether what a column holds besides our own can be told as text."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    is_view = pa.types.is_string_view(kind)
    is_number = pa.types.is_primitive(kind) or pa.types.is_decimal(kind)
    return bool(is_text or is_view or is_number or pa.types.is_null(kind))


def _ids(column: pa.ChunkedArray, report: Report) -> NDArray[np.int64]:
    kind = column.type
    if pa.types.is_floating(kind):
        column = _floats_as_text(column)
    ids = _plain_ids(column)
    if ids is None:
        ids = _looked_up("user_id", column, report)
    return ids


def _plain_ids(column: pa.ChunkedArray) -> NDArray[np.int64] | None:
    """The ids as numbers, or None where they have to be looked at one by one."""
    kind = column.type
    is_text = pa.types.is_string(kind)
    is_number = pa.types.is_integer(kind) or pa.types.is_decimal(kind)
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


def _moments(column: pa.ChunkedArray, report: Report) -> NDArray[np.datetime64]:
    if not _are_plain_moments(column):
        looked_up: NDArray[np.datetime64] = _looked_up("join_date", column, report)
        return looked_up.astype("datetime64[us]")
    moments: NDArray[np.datetime64] = column.cast(pa.timestamp("us"), safe=False).to_numpy()
    return moments


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


def _values(name: str, column: pa.ChunkedArray, report: Report) -> Any:
    kind = column.type
    is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    if _is_text(name) or not (is_number or pa.types.is_boolean(kind)):
        return _looked_up(name, column, report)
    return typed(name, pd.Series(column.cast(pa.float64()).to_numpy()), report).to_numpy()


def _looked_up(name: str, column: pa.ChunkedArray, report: Report) -> Any:
    """Check the different values of a column and spread them over its rows."""
    try:
        if not pa.types.is_dictionary(column.type):
            column = column.cast(pa.string()).dictionary_encode()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        report(np.ones(len(column), dtype=bool), f"{name} is of the type {column.type}")
        return np.zeros(len(column), dtype=np.int64)
    encoded = column.unify_dictionaries().combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy()
    # A missing one comes last, where -1 leads to.
    different = pd.Series([*encoded.dictionary.cast(pa.string()).to_pylist(), None], dtype=object)
    different[different.isin(MISSING)] = None
    values = typed(name, different, lambda bad, what: report(np.asarray(bad)[codes], what))
    if name in REQUIRED:
        report(different.isna().to_numpy()[codes], f"{name} is missing")
    if name in CATEGORICAL:
        return pd.Categorical(values).take(codes)
    return values.to_numpy()[codes]
