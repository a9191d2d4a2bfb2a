"""Questions of a log: what was seen in a session so far, and what was seen next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.clicks import Clicks
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.setting import Setting


class Question(NamedTuple):
    """A moment of a session."""

    session: int
    """Number of the session among those asked about: answers within one hang together."""
    seen: list[int]
    """Codes of the items seen so far, oldest first."""
    next: int
    """Code of the item seen next."""


@dataclass(frozen=True)
class Log:
    """Sessions of a shop, without those of machines, and the ids of the items in them."""

    clicks: Clicks
    item_ids: Sequence[str]

    @classmethod
    def of(
        cls,
        sessions: NDArray[np.integer],
        items: NDArray[np.integer],
        times: NDArray[np.floating],
        item_ids: Sequence[str],
        setting: Setting,
    ) -> "Log":
        """Put clicks into sessions; see `Index.build`.

        Raises:
            ValueError: where columns differ in length, or hold what they cannot.
        """
        clicks = Clicks.of(sessions, items, times, len(item_ids), setting)
        return cls(clicks.where(~clicks.bots(setting)), item_ids)

    def before(self, moment: float, setting: Setting) -> Index:
        """An index of the clicks before a moment, in seconds since 1970, with the log's codes."""
        clicks = self.clicks
        known = clicks.times < moment
        # Sessions are split already, and each of the parts is one of its own.
        return Index.build(
            clicks.session[known],
            clicks.items[known],
            clicks.times[known],
            self.item_ids,
            setting,
        )

    def stretches(self, count: int, share: float, most: int) -> list[float]:
        """Moments at which stretches at the end of the log begin, and infinity at last.

        Args:
            count: How many stretches are wanted; there are none where the log is too short.
            share: Share of the sessions that each has at most.
            most: Questions that each has at most, or hardly more.
        """
        clicks = self.clicks
        asked = np.maximum(clicks.lengths - 1, 0)[::-1].cumsum()
        found = [np.inf]
        for place in range(1, count + 1):
            sessions = min(
                int(share * place * len(clicks.keys)), int(asked.searchsorted(most * place))
            )
            if not 0 < sessions < len(clicks.keys):
                return []
            found.append(float(clicks.ended[-sessions]))
        return found[::-1]

    def questions(self, begin: float, end: float, most: int, seed: int) -> list[Question]:
        """Questions of sessions that began at or after one moment, and before another.

        Args:
            begin: Seconds since 1970.
            end: Seconds since 1970.
            most: Of more questions whole sessions are left out by chance.
            seed: Of that.
        """
        clicks = self.clicks
        began = clicks.times[clicks.begins[:-1]]
        chosen = np.flatnonzero((began >= begin) & (began < end) & (clicks.lengths > 1))
        order = np.random.default_rng(seed).permutation(chosen)
        few = order[np.cumsum(clicks.lengths[order] - 1) <= most]
        return list(asked(clicks, np.sort(few)))


def asked(clicks: Clicks, sessions: NDArray[np.integer]) -> Iterator[Question]:
    """Every moment of some sessions at which something was seen next."""
    for session in sessions.tolist():
        items = clicks.items[clicks.begins[session] : clicks.begins[session + 1]].tolist()
        for place in range(1, len(items)):
            yield Question(session, items[:place], items[place])
