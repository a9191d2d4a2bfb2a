"""Ids of events that come without one, made of what they say: the same upload again gives the same.

An id begins with the moment of its event, since ids in no order at all cost a large index dear.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

_BYTES: Final = 10
"""Of a digest: two events share one by chance only within a microsecond, and hardly then."""
_DIGEST: Final = np.dtype([("begin", ">u8"), ("rest", f"V{_BYTES - 8}")])
_BETWEEN: Final = "/#"

plainly: Final = msgspec.json.Encoder(order="deterministic").encode
"""Writes a value of JSON in the one way that digests are made of: members in order, no blanks."""


class Ordinals:
    """Tells events of one upload apart that say the same: which of its equals is each?

    Of those that came before 8 bytes are kept, so that an upload may be of any length.
    """

    def __init__(self) -> None:
        self._before: list[NDArray[np.uint64]] = []
        """Beginnings of the digests that came before, in sorted runs that shrink by half."""
        self._counts: dict[bytes, int] = {}
        """How many there were of each digest that came several times."""

    def of(self, digests: Sequence[bytes]) -> list[int]:
        """The ordinal of each event, from 1, among all of the upload that say the same.

        Args:
            digests: Of the next events of the upload, in their order.
        """
        begins = np.frombuffer(b"".join(digests), dtype=_DIGEST)["begin"].astype(np.uint64)
        known = np.zeros(len(begins), dtype=bool)
        for run in self._before:
            at = np.minimum(np.searchsorted(run, begins), len(run) - 1)
            known |= run[at] == begins
        ordinals = [1] * len(digests)
        several = {one for one, count in Counter(digests).items() if count > 1}
        if several or known.any():
            for row, (one, came) in enumerate(zip(digests, known.tolist(), strict=True)):
                if came or one in several:
                    ordinals[row] = self._counts.get(one, int(came)) + 1
                    self._counts[one] = ordinals[row]
        self._remember(np.sort(begins))
        return ordinals

    def _remember(self, run: NDArray[np.uint64]) -> None:
        while self._before and len(self._before[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._before.pop(), run]))
        if len(run):
            self._before.append(run)


def content_ids(
    contents: Sequence[tuple[Any, ...]],
    properties: Sequence[bytes | None],
    times: NDArray[np.datetime64],
    ordinals: Ordinals,
) -> list[str]:
    """Ids of events, at most 44 characters each.

    Args:
        contents: Source, customer, session, type, amount and currency of each.
        properties: Of each, as `plainly` writes them; None where there are none.
        times: When each happened, `(n_events,) datetime64[us]` in UTC.
        ordinals: Of the upload that the events are part of.
    """
    moments = times.astype(np.int64).tolist()
    digests = [
        blake2b(plainly((moment, *content)) + (told or b""), digest_size=_BYTES).digest()
        for moment, content, told in zip(moments, contents, properties, strict=True)
    ]
    return [
        f"{moment:014x}{digest.hex()}" + (f"{_BETWEEN}{which}" if which > 1 else "")
        for moment, digest, which in zip(moments, digests, ordinals.of(digests), strict=True)
    ]
