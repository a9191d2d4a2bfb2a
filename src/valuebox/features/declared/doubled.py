"""Events that came several times, told by their sources and ids."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_BITS: Final = 22


def repeated(ids: Any, source: NDArray[Any], received: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of events of which another one with the same source and id came first.

    Args:
        ids: Of each event, an array of texts, or texts that have `hashes`.
        source: Code of the source of each.
        received: When each was received; of equal ones the first of the file came first.
    """
    hashes = ids.hashes() if hasattr(ids, "hashes") else _hashes(ids.tolist())
    rows = suspects(hashes)
    first = First()
    keys = zip(source[rows].tolist(), ids[rows].tolist(), strict=True)
    first.add(keys, received[rows].tolist(), rows)
    return first.lost()


class First:
    """Which event of each source and id was received first."""

    def __init__(self) -> None:
        self._first: dict[Any, tuple[int, int]] = {}
        self._lost: list[int] = []

    def add(self, keys: Iterable[Any], received: Iterable[int], rows: NDArray[np.int64]) -> None:
        """Take events.

        Args:
            keys: What events that are the same share.
            received: When each was received.
            rows: Position of each, after those that came before.
        """
        for key, *one in zip(keys, received, rows.tolist(), strict=True):
            best = self._first.setdefault(key, (one[0], one[1]))
            if best[1] != one[1]:
                if one[0] < best[0]:
                    self._first[key] = (one[0], one[1])
                self._lost.append(best[1] if one[0] < best[0] else one[1])

    def lost(self) -> NDArray[np.int64]:
        """Positions of all others, sorted."""
        return np.array(sorted(self._lost), dtype=np.int64)


def _hashes(texts: list[str]) -> NDArray[np.int64]:
    return np.fromiter(map(hash, texts), np.int64, len(texts))


def suspects(hashes: NDArray[Any]) -> NDArray[np.int64]:
    """Positions of hashes that are there several times."""
    ordered = np.sort(hashes)
    return within(hashes, np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))


def within(hashes: NDArray[Any], several: NDArray[Any]) -> NDArray[np.int64]:
    """Positions of hashes that are among some others."""
    if not len(several):
        return np.empty(0, dtype=np.int64)
    # Most are told from those by a few bits.
    few = np.zeros(1 << _BITS, dtype=bool)
    low = np.array((1 << _BITS) - 1, dtype=hashes.dtype)
    few[several & low] = True
    rows = np.flatnonzero(few[hashes & low])
    return rows[np.isin(hashes[rows], several)]
