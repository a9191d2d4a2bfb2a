"""Ids of rows, and which rows have the id of an earlier one."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox_cli.importing.parts import ORDINAL

Texts = NDArray[np.object_]
"""A column of texts, `(n_rows,)`: str or None."""

_BETWEEN: Final = "/"
_SPECIAL: Final = r"[\\/]"


def joined(parts: Sequence[Texts]) -> Texts:
    r"""Ids of several parts each; None where a part is missing.

    Different parts are different ids: a slash within a part becomes `\/`, and backslashes are
    doubled where they stand before a slash or at the end of a part. Other texts stay as they are.
    """
    columns = [pa.array(part, pa.string()) for part in parts]
    last = len(columns) - 1
    for at, column in enumerate(columns):
        if pc.any(pc.match_substring_regex(column, _SPECIAL)).as_py():
            column = pc.replace_substring_regex(column, r"(\\*)/", r"\1\1\\/")
            if at < last:
                column = pc.replace_substring_regex(column, r"(\\+)$", r"\1\1")
            columns[at] = column
    whole = pc.binary_join_element_wise(*columns, _BETWEEN)
    found: Texts = whole.to_numpy(zero_copy_only=False)
    return found


def numbered(before: int, count: int, table: str) -> Texts:
    """Ids of rows that have none: the table and the row of it, from 1."""
    return np.array([f"{table}#{before + row + 1}" for row in range(count)], dtype=object)


class Ordinals:
    """Tells equal ids apart: the second of them ends in `/#2`, the third in `/#3`."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def told_apart(self, ids: Texts, may_repeat: NDArray[np.bool_]) -> Texts:
        """The ids of a batch, each another one.

        Args:
            ids: `(n_rows,)`.
            may_repeat: Rows whose id other rows have too, as far as is known.
        """
        found = ids.copy()
        for row in np.flatnonzero(may_repeat & pd.notna(ids)).tolist():
            one = ids[row]
            self._seen[one] += 1
            if (which := self._seen[one]) > 1:
                found[row] = f"{one}{_BETWEEN}{ORDINAL}{which}"
        return found


class Repeats:
    """Which rows have the id of another row, over all batches.

    Ids are compared by hashes of 64 bits: two that share one by chance are compared as events are
    that come a second time, and are stored all the same.
    """

    def __init__(self) -> None:
        self._hashes: list[NDArray[np.uint64]] = []
        self._missing: list[NDArray[np.bool_]] = []

    def see(self, ids: Texts) -> None:
        """Look at the ids of a batch."""
        missing = pd.isna(ids)
        self._missing.append(missing)
        self._hashes.append(pd.util.hash_array(np.where(missing, "", ids), categorize=False))

    def found(self) -> "Repeated":
        """The rows that have the id of another row, of all that were seen."""
        if not self._hashes:
            nothing = np.zeros(0, dtype=bool)
            return Repeated(nothing, np.zeros(0, dtype=np.uint64))
        hashes, missing = np.concatenate(self._hashes), np.concatenate(self._missing)
        order = np.argsort(hashes, kind="stable")
        same = np.zeros(len(hashes), dtype=bool)
        same[1:] = hashes[order[1:]] == hashes[order[:-1]]
        follows = np.append(same[1:], False)
        shared = np.zeros_like(same)
        shared[order] = same | follows
        return Repeated(shared & ~missing, hashes[order][~same & ~missing[order]])


class Repeated:
    """Rows of a table whose id other rows have too.

    Args:
        shared: Which they are, `(n_rows,)`.
        hashes: Of all ids, each once, in order.
    """

    def __init__(self, shared: NDArray[np.bool_], hashes: NDArray[np.uint64]):
        self.shared, self.hashes = shared, hashes

    def in_common(self, other: "Repeated") -> int:
        """How many ids another table has too."""
        return int(np.intersect1d(self.hashes, other.hashes, assume_unique=True).size)


def put_before(ids: Texts, prefix: str) -> Texts:
    """Ids with a prefix."""
    if not prefix:
        return ids
    found: Any = [None if one is None else prefix + one for one in ids]
    return np.array(found, dtype=object)
