"""How a column is refused that can be read in several ways, or in none."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from valuebox.errors import ValueboxError

_SHOWN = 3
_LONGEST = 40


class UnclearColumn(ValueboxError):
    """A column does not tell what it means; the message names it, rows, and what can be said."""


class Examples:
    """The first few values of a kind, and their rows."""

    def __init__(self) -> None:
        self._shown: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._shown)

    def add(self, values: pa.Array, chosen: NDArray[np.bool_], before: int) -> None:
        """Note some values of a batch.

        Args:
            values: `(n_rows,)`.
            chosen: Which of them, `(n_rows,)`.
            before: Rows of the column above this batch.
        """
        if (left := _SHOWN - len(self._shown)) > 0:
            for row in np.flatnonzero(chosen)[:left].tolist():
                written = str(values[row].as_py())
                short = written if len(written) <= _LONGEST else f"{written[:_LONGEST]}…"
                self._shown.append(f"{short!r} (row {before + row + 1})")

    def __str__(self) -> str:
        return ", ".join(self._shown)
