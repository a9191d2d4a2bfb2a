"""How far the amounts reach that something was learned from, and which lie outside."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Amounts = Sequence[float | None] | NDArray[Any] | None
"""An amount for each row; None and NaN are missing."""

_NONE: Final = -1


def known_or_nan(amounts: Amounts, n_rows: int) -> NDArray[np.float64]:
    """The amount of each row, `(n_rows,)`; NaN where it is missing."""
    return np.full(n_rows, np.nan) if amounts is None else np.asarray(amounts, dtype=np.float64)


class Beyond(NamedTuple):
    """Users with an amount that is outside of what a model has learned from."""

    users: int = 0
    first: int = _NONE
    """The row of the first of these users, from 0."""

    def and_then(self, later: "Beyond") -> "Beyond":
        """These users, and those of rows that come later."""
        return Beyond(self.users + later.users, self.first if self.users else later.first)


class Reach(NamedTuple):
    """The amounts that were learned from."""

    name: str
    """What the amounts are called."""
    lowest: float | None
    highest: float | None
    """The largest amount; None where none is known, and so is `lowest`."""

    def beyond(self, amounts: Amounts) -> Beyond:
        """Which users have an amount that is outside of what was learned from."""
        if amounts is None or self.lowest is None or self.highest is None:
            return Beyond()
        known = np.asarray(amounts, dtype=np.float64)
        rows = np.flatnonzero((known < self.lowest) | (known > self.highest))
        return Beyond(len(rows), int(rows[0])) if len(rows) else Beyond()

    def warnings(self, beyond: Beyond, counted_from: int) -> list[str]:
        """A sentence about users whose amount is outside of what was learned from, if there are.

        Args:
            beyond: These users.
            counted_from: The number that people call the first row by: 1 in files.
        """
        if not beyond.users:
            return []
        row = beyond.first + counted_from
        whose = "1 user" if beyond.users == 1 else f"{beyond.users:,} users, the first one"
        return [
            f"The model has learned from {self.name} between {self.lowest:.6g} and "
            f"{self.highest:.6g}; that of {whose} in row {row:,} is outside, where less is known."
        ]
