"""What is wrong with a file, by row."""

from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.errors import ValueboxError

Mask = pd.Series | NDArray[np.bool_]

_SHOWN: Final = 5


class BadFile(ValueboxError):
    """The file cannot be used; the message names it, the columns and the rows."""


class Problems:
    """Rows and values of a file that cannot be used: the first rows of every kind of problem."""

    def __init__(self) -> None:
        self._rows: dict[str, list[int]] = {}
        self._counts: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, bad: Mask, what: str, rows_before: int = 0) -> None:
        """Note the rows of some users.

        Args:
            bad: Which of them have the problem, `(n_users,)`.
            what: The problem, naming the column.
            rows_before: Rows of the file above these users.
        """
        rows = np.flatnonzero(np.asarray(bad, dtype=bool))
        if rows.size:
            self._counts[what] += rows.size
            shown = self._rows.setdefault(what, [])
            shown += (rows[: _SHOWN - len(shown)] + rows_before + 1).tolist()

    def update(self, later: "Problems") -> None:
        """Note what was found further down in the file."""
        for what, rows in later._rows.items():
            shown = self._rows.setdefault(what, [])
            shown += rows[: _SHOWN - len(shown)]
        self._counts.update(later._counts)

    def raise_for(self, path: Path) -> None:
        """Refuse the file if there are any.

        Raises:
            BadFile: naming every kind of problem with its first rows; rows count from 1 below
                the header.
        """
        if self:
            listed = [f"  - {line}" for line in self.lines()]
            raise BadFile(f"{path}: some rows cannot be used (they count from 1):", *listed)

    def lines(self) -> list[str]:
        """Every kind of problem with its first rows, which count from 1."""
        return [f"{what}: {self._where(what)}" for what in self._rows]

    def _where(self, what: str) -> str:
        shown, count = self._rows[what], self._counts[what]
        more = f" and {count - len(shown):,} more" if count > len(shown) else ""
        return f"row{'s' * (count > 1)} {', '.join(map(str, shown))}{more}"
