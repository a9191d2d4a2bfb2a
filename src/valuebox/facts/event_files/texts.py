"""Many texts in Arrow's memory, such as ids of millions of events, without an object for each."""

from collections.abc import Iterator
from typing import Any, Final, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox.features.declared.columns import ManyTexts

_LIKE_A_NUMBER: Final = r"^-?[0-9]"
_WORD: Final = 8
_MIXED: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


class ArrowTexts(ManyTexts):
    """Texts, none of them missing.

    Args:
        array: The texts.
    """

    def __init__(self, array: pa.Array):
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice | NDArray[Any]) -> "ArrowTexts": ...
    def __getitem__(self, place: int | slice | NDArray[Any]) -> "str | ArrowTexts":
        if isinstance(place, slice):
            return ArrowTexts(self.array[place])
        if isinstance(place, np.ndarray):
            return ArrowTexts(self.array.take(pa.array(place)))
        found: str = self.array[place].as_py()
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def tolist(self) -> list[str]:
        """The texts as Python has them."""
        found: list[str] = self.array.to_pylist()
        return found

    def ranks(self) -> NDArray[np.int64]:
        """The place of each among the sorted ones, by code points."""
        order = pc.sort_indices(self.array).to_numpy()
        found = np.empty(len(order), dtype=np.int64)
        found[order] = np.arange(len(order))
        return found

    def may_be_numbers(self) -> bool:
        """Whether a text may be written as a number is."""
        return bool(pc.any(pc.match_substring_regex(self.array, _LIKE_A_NUMBER)).as_py())

    def hashes(self) -> NDArray[np.uint64]:
        """A number for each text: the same for equal ones, and hardly ever for others."""
        array = self.array.cast(pa.large_string())
        _, ends, octets = array.buffers()
        edges = np.frombuffer(ends, np.int64)[array.offset :][: len(self) + 1]
        begin, length = edges[:-1], np.diff(edges)
        # Eight bytes from any place; beyond the last text there are zeros.
        padded = np.zeros(int(edges[-1]) + _WORD, dtype=np.uint8)
        if octets is not None:
            padded[: int(edges[-1])] = np.frombuffer(octets, np.uint8)[: int(edges[-1])]
        words: NDArray[np.uint64] = np.ndarray(
            int(edges[-1]) + 1, dtype="<u8", buffer=padded, strides=(1,)
        )
        found = length.astype(np.uint64) * _MIXED
        for done in range(0, int(length.max(initial=0)), _WORD):
            some = None if int(length.min()) >= done + _WORD else np.flatnonzero(length > done)
            if some is None:
                found = _mixed(found ^ words[begin + done])
                continue
            # Bytes of the next text are cut off.
            left = (_WORD - np.minimum(length[some] - done, _WORD)).astype(np.uint64) * np.uint64(8)
            found[some] = _mixed(found[some] ^ ((words[begin[some] + done] << left) >> left))
        return found


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = words * _MIXED
    return words ^ (words >> _SHIFT)
