"""Ids of items as texts, found by text and by code without a Python object for each."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

NONE = -1


class Ids(NamedTuple):
    """Different texts in the order of their codes; all arrays can be mapped from files."""

    text: NDArray[np.uint8]
    """All texts as UTF-8, one after another."""
    begins: NDArray[np.int64]
    """Where each begins, and where the last ends, `(n + 1,)`."""
    digests: NDArray[np.uint32]
    """Digest of each text, in ascending order, `(n,)`."""
    codes: NDArray[np.int32]
    """Which text each digest is of, `(n,)`."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Ids whose codes are their places.

        Raises:
            ValueError: where a text is there twice.
        """
        if len(set(texts)) != len(texts):
            raise ValueError("the ids of items have to differ")
        content = [one.encode("utf-8", "surrogatepass") for one in texts]
        begins = np.zeros(len(content) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in content], out=begins[1:])
        digests = np.fromiter(map(crc32, content), dtype=np.uint32, count=len(content))
        codes = np.argsort(digests, kind="stable").astype(np.int32)
        return cls(np.frombuffer(b"".join(content), np.uint8), begins, digests[codes], codes)

    def __len__(self) -> int:
        return len(self.begins) - 1

    def text_of(self, code: int) -> str:
        """The text of a code."""
        return self._content(code).decode("utf-8", "surrogatepass")

    def code_of(self, text: str) -> int:
        """The code of a text, -1 where there is none."""
        content = text.encode("utf-8", "surrogatepass")
        digest, digests = crc32(content), self.digests.data
        place = bisect_left(digests, digest)
        while place < len(digests) and digests[place] == digest:
            code = int(self.codes[place])
            if self._content(code) == content:
                return code
            place += 1
        return NONE

    def _content(self, code: int) -> bytes:
        begin, end = self.begins[code : code + 2].tolist()
        return self.text[begin:end].tobytes()
