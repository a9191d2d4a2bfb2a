"""Clicks put into sessions: in order of time, split at gaps; and those of machines left out."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuebox.compartments.recommend.ranking.bots import looks_like_a_bot
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.statistics.arrays import Floats, Mask


class Clicks(NamedTuple):
    """Sessions in the order in which they ended, and the clicks of each in order of time.

    Of those that ended at once the one comes first that began first.
    """

    keys: NDArray[np.int64]
    """What the caller calls each session, `(n_sessions,)`; parts of a split one share a number."""
    begins: NDArray[np.int64]
    """Where the clicks of each session begin, and where the last ends, `(n_sessions + 1,)`."""
    items: NDArray[np.int32]
    """Codes of items, `(n_clicks,)`."""
    times: Floats
    """Seconds since 1970, `(n_clicks,)`."""

    @classmethod
    def of(
        cls, sessions: ArrayLike, items: ArrayLike, times: ArrayLike, n_items: int, setting: Setting
    ) -> Self:
        """Put clicks that come in any order into sessions.

        Args:
            sessions: Number of each click's session, `(n_clicks,)`.
            items: Code of each click's item, below `n_items`.
            times: Seconds since 1970. Of equal times the order given counts.
            n_items: How many items there are.
            setting: Says where a session is split.

        Raises:
            ValueError: where columns differ in length, or hold what they cannot.
        """
        keys = np.asarray(sessions, dtype=np.int64)
        codes = np.asarray(items, dtype=np.int32)
        seconds = np.asarray(times, dtype=np.float64)
        if not len(keys) == len(codes) == len(seconds):
            raise ValueError("sessions, items and times have to be of one length")
        if len(codes) and not (codes.min() >= 0 and codes.max() < n_items):
            raise ValueError(f"codes of items have to be from 0 to {n_items - 1}")
        if not np.isfinite(seconds).all():
            raise ValueError("times have to be finite")
        order = np.lexsort((seconds, keys))
        keys, codes, seconds = keys[order], codes[order], seconds[order]
        first = np.ones(len(keys), dtype=bool)
        first[1:] = (keys[1:] != keys[:-1]) | (np.diff(seconds) > setting.gap)
        begins = np.append(np.flatnonzero(first), len(keys)).astype(np.int64)
        found = cls(keys[begins[:-1]], begins, codes, seconds)
        # The numbers of sessions come last: each database has its own.
        return found.taken(np.lexsort((found.keys, seconds[begins[:-1]], found.ended)))

    def bots(self, setting: Setting) -> Mask:
        """Which sessions look like a machine's, `(n_sessions,)`."""
        if setting.bots is None:
            return np.zeros(len(self.keys), dtype=bool)
        return looks_like_a_bot(self.begins, self.times, setting.bots)

    @property
    def ended(self) -> Floats:
        """Time of each session's last click, `(n_sessions,)`."""
        return self.times[self.begins[1:] - 1]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many clicks each session has, `(n_sessions,)`."""
        return np.diff(self.begins)

    @property
    def session(self) -> NDArray[np.int32]:
        """Place of the session of each click, `(n_clicks,)`."""
        return np.repeat(np.arange(len(self.keys), dtype=np.int32), self.lengths)

    def taken(self, sessions: NDArray[np.intp]) -> Self:
        """Some of the sessions, in the order given."""
        begins, at = spans(self.begins, sessions)
        return type(self)(self.keys[sessions], begins, self.items[at], self.times[at])

    def where(self, sessions: Mask) -> Self:
        """Those of the sessions that are marked, `(n_sessions,)`."""
        return self.taken(np.flatnonzero(sessions))


def spans(
    begins: NDArray[np.integer], which: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where some of several spans lie, one after another.

    Args:
        begins: Where each span begins, and where the last ends, `(n + 1,)`.
        which: Places of spans, `(m,)`.

    Returns:
        Where each of the `m` begins among what is taken, `(m + 1,)`, and the places to take.
    """
    # Looked up or repeated by int32, NumPy takes three times as long.
    at = which.astype(np.int64, copy=False)
    start = begins.take(at)
    ends = np.zeros(len(at) + 1, dtype=np.int64)
    (begins[1:].take(at) - start).cumsum(out=ends[1:])
    found = (start - ends[:-1]).repeat(ends[1:] - ends[:-1])
    found += np.arange(len(found))
    return ends, found
