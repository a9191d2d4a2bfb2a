"""Batches of users: checked by the same rules as other files, at a fraction of the cost.

`valuebox.ltv.files.typed` says what is good. Here it is asked once for every different value of
a column, and not at all where Arrow can tell that all values of a batch are good.
"""

from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox.ltv.features import CATEGORICAL, Columns
from valuebox.ltv.files import MISSING, REQUIRED, Problems, Report, typed
from valuebox.moments import FIRST_YEAR, LAST_YEAR

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

    ids = _ids(users["user_id"])
    if ids is None:
        ids = _looked_up("user_id", users["user_id"], report)
    if not _are_plain_moments(users["join_date"]):
        _looked_up("join_date", users["join_date"], report)
    columns = {
        name: _feature(name, users[name], report)
        for name in users.column_names
        if name not in REQUIRED
    }
    return ids, {"user_id": ids, **columns}, problems


def _ids(column: pa.ChunkedArray) -> NDArray[np.int64] | None:
    """The ids as numbers, or None where they have to be looked at one by one."""
    is_text = pa.types.is_string(column.type)
    if column.null_count or not (is_text or pa.types.is_integer(column.type)):
        return None
    if is_text and not pc.all(pc.match_substring_regex(column, _PLAIN_ID)).as_py():
        return None
    try:
        ids: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    return ids if ids.min() >= 0 else None


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


def _feature(name: str, column: pa.ChunkedArray, report: Report) -> Any:
    kind = column.type
    is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    if name in CATEGORICAL or not (is_number or pa.types.is_boolean(kind)):
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
