"""What is noticed while rows are read."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from valuebox.files.problems import Problems

Mask = NDArray[np.bool_]


@dataclass
class Found:
    """What is noticed in the rows of customers, or of events."""

    called: str
    """What messages call the table."""
    kept: Problems = field(default_factory=Problems)
    """Problems of rows that are stored all the same."""
    refused: Problems = field(default_factory=Problems)
    """Problems of rows that cannot be stored."""
    doubled: Problems = field(default_factory=Problems)
    """Problems of rows that tell once more what an earlier row did."""
    rows: int = 0
    """Rows that have been read so far."""
    left_out: int = 0
    """Rows that a filter has left out."""
    rejected: list[tuple[int, str]] = field(default_factory=list)
    """Rows that cannot be stored, from 1, and the first thing that is wrong with each."""


class Rows:
    """Rows of a batch, and which of them are stored.

    Args:
        count: How many.
        found: What is noticed is written there.
    """

    def __init__(self, count: int, found: Found):
        self.count = count
        self.found = found
        self.bad = np.zeros(count, dtype=bool)
        self.meant = np.ones(count, dtype=bool)
        """Rows that no filter leaves out."""

    def only(self, rows: Mask) -> None:
        """Leave all other rows out, unless something is wrong with them already."""
        self.meant &= rows | self.bad
        self.found.left_out += int((~self.meant).sum())

    def refuse(self, rows: Mask, what: str) -> None:
        """Keep rows from being stored."""
        fresh = rows & self.meant & ~self.bad
        if fresh.any():
            self.bad |= fresh
            self.found.refused.add(fresh, what, self.found.rows)
            self.found.rejected += [
                (self.found.rows + row + 1, what) for row in np.flatnonzero(fresh).tolist()
            ]

    def note(self, rows: Mask, what: str) -> None:
        """Say something of rows that are stored."""
        self.found.kept.add(rows & self.good, what, self.found.rows)

    @property
    def good(self) -> Mask:
        """Which rows are stored."""
        return self.meant & ~self.bad
