"""Texts of a whole column, as whoever read them has them: in UTF-8, one after the other."""

from collections.abc import Iterator, Sequence
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray


class Written(list[str | None]):
    """Values of a column of JSON that are JSON already; None is NULL."""


class Texts(Sequence[str | None]):
    """Texts that become Python's own when they are looked at.

    Where a column holds JSON, these are JSON already.

    Args:
        lengths: Bytes of each text, `(n,)`; -1 is a missing one.
        octets: The bytes of all of them.
    """

    def __init__(self, lengths: NDArray[np.int64], octets: NDArray[np.uint8]):
        self.lengths = lengths
        self.octets = octets

    @classmethod
    def of(cls, texts: Sequence[bytes | None]) -> Self:
        """Texts that are there already, in UTF-8; None is a missing one."""
        lengths = np.array([-1 if text is None else len(text) for text in texts], dtype=np.int64)
        return cls(lengths, np.frombuffer(b"".join(filter(None, texts)), dtype=np.uint8))

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, position: int) -> str | None: ...
    @overload
    def __getitem__(self, position: slice) -> list[str | None]: ...
    def __getitem__(self, position: int | slice) -> str | list[str | None] | None:
        return self.listed()[position]

    def __iter__(self) -> Iterator[str | None]:
        return iter(self.listed())

    def at(self, rows: Sequence[int]) -> "Texts":
        """The texts of some rows, in the order in which these are named."""
        ends = np.cumsum(np.maximum(self.lengths, 0)).tolist()
        starts = [0, *ends]
        whole = self.octets.tobytes()
        octets = b"".join([whole[starts[row] : ends[row]] for row in rows])
        return Texts(self.lengths[rows], np.frombuffer(octets, dtype=np.uint8))

    def listed(self) -> list[str | None]:
        """All texts as a list."""
        ends = np.cumsum(np.maximum(self.lengths, 0)).tolist()
        whole = self.octets.tobytes()
        start = 0
        found: list[str | None] = []
        for end, length in zip(ends, self.lengths.tolist(), strict=True):
            found.append(None if length < 0 else whole[start:end].decode())
            start = end
        return found
