"""In which order a column has day, month and year, where each is a number."""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from valuebox_cli.importing.columns.unclear import Examples
from valuebox_cli.importing.columns.written import DAY_FIRST, ORDERS, Numeric, format_of

_BITS: Final = {order: 1 << at for at, order in enumerate(ORDERS)}
_SAME: Final = 1 << len(ORDERS)
"""Set of orders that stands for dates which are the same in every order that they fit."""
# Values that contradict all others by so little are mistakes, and do not count.
_MISTAKES: Final = 0.01


class OrderEvidence:
    """What the dates of a column say of their order."""

    def __init__(self) -> None:
        self._rows = np.zeros(_SAME + 1, dtype=np.int64)
        self._undotted = 0
        self._first = ""
        self.examples = Examples()
        """Examples of dates of which the order is not clear by themselves."""

    @property
    def count(self) -> int:
        """Number of rows with dates of three numbers."""
        return int(self._rows[1:].sum())

    def add(self, texts: pa.Array, found: Numeric, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Look at distinct texts.

        Args:
            texts: `(n,)`.
            found: What they are in each order.
            rows: How many rows have each, `(n,)`.

        Returns:
            Which of them are dates in some order, `(n,)`.
        """
        fits = np.zeros(len(texts), dtype=np.int64)
        times = [found.by_order[order].times for order in ORDERS]
        for bit, some in zip(_BITS.values(), times, strict=True):
            fits |= np.where(np.isnat(some), 0, bit)
        is_date = fits > 0
        # The third of March is the same whichever comes first.
        same = np.fmin.reduce(times) == np.fmax.reduce(times)
        fits[same & (np.bitwise_count(fits) > 1)] = _SAME
        self._rows += np.bincount(fits, rows, minlength=_SAME + 1).astype(np.int64)
        self._undotted += int(rows[is_date & ~found.dotted].sum())
        if not self._first and is_date.any():
            self._first = texts[int(np.argmax(is_date))].as_py()
        return is_date

    def order(self) -> str | None:
        """The order that the column uses; None where it does not tell."""
        for one in ORDERS:
            if all(self._prefers(one, other) for other in ORDERS if other != one):
                return one
        return None

    def formats(self) -> list[str]:
        """How the orders that are possible are called in a mapping."""
        fitting = [fits for fits, rows in enumerate(self._rows) if rows]
        possible = [order for order in ORDERS if any(fits & _BITS[order] for fits in fitting)]
        return [format_of(self._first, order) for order in possible]

    def format(self, order: str) -> str:
        """How dates are written in an order."""
        return format_of(self._first, order)

    def _prefers(self, one: str, other: str) -> bool:
        both = _BITS[one] | _BITS[other]
        for_it, against, open_ = (
            sum(rows for fits, rows in enumerate(self._rows.tolist()) if fits & both == wanted)
            for wanted in (_BITS[one], _BITS[other], both)
        )
        if for_it or against:
            return bool(against <= _MISTAKES * for_it)
        # Where points stand between them, days come first in every country.
        return not open_ or (one == DAY_FIRST and not self._undotted)
