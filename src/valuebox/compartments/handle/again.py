"""A match that was entered again under another id, such as to correct it, is one match.

Its id is the one that came first; all else is as it was entered last.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

NEAR: Final = np.timedelta64(36, "h")
"""How far apart two teams' matches begin that are the same: they do meet twice in a week."""


class Entered(Protocol):
    """Matches as they were entered, one a row: `(n_rows,)` each."""

    @property
    def id(self) -> NDArray[np.object_]:
        """The id of each row."""

    @property
    def home(self) -> NDArray[np.object_]:
        """The home team."""

    @property
    def away(self) -> NDArray[np.object_]:
        """The other team."""

    @property
    def kickoff(self) -> NDArray[Any]:
        """When the match begins, `datetime64[s]` in UTC."""

    @property
    def loaded_at(self) -> NDArray[Any]:
        """When the row was loaded, `datetime64[s]` in UTC."""


class Again(NamedTuple):
    """Matches as they are once each."""

    rows: list[int]
    """Positions of the rows that tell of them, as they were entered last."""
    ids: list[str]
    """The id of each."""
    also: dict[str, str]
    """Other ids, and the one that counts."""


def entered_again(matches: Entered, first: Mapping[str, np.datetime64]) -> Again | None:
    """Which matches are the same; None where each is another one.

    Args:
        matches: The matches that are known.
        first: When each id came first.
    """
    by_pair: dict[tuple[str, str], list[int]] = {}
    for row, pair in enumerate(zip(matches.home.tolist(), matches.away.tolist(), strict=True)):
        by_pair.setdefault(pair, []).append(row)
    told: dict[int, tuple[int, str]] = {}
    also: dict[str, str] = {}
    kickoff, loaded = matches.kickoff, matches.loaded_at
    ids: list[str] = matches.id.tolist()
    for (home, away), rows in by_pair.items():
        if len(rows) < 2 or not (home and away):
            continue
        rows.sort(key=lambda row: kickoff[row])
        gaps = np.flatnonzero(np.diff(kickoff[rows]) > NEAR) + 1
        for same in np.split(np.array(rows), gaps):
            if len(same) < 2:
                continue
            # Of ids that came together the one that sorts first.
            ours = min(same.tolist(), key=lambda row: (first[ids[row]], ids[row]))
            newest = max(same.tolist(), key=lambda row: (loaded[row], row == ours))
            told |= dict.fromkeys(same.tolist(), (-1, ""))
            told[ours] = newest, ids[ours]
            also |= {ids[row]: ids[ours] for row in same.tolist() if row != ours}
    if not also:
        return None
    whole = [told.get(row, (row, one)) for row, one in enumerate(ids)]
    kept = [one for one in whole if one[0] >= 0]
    return Again([row for row, _ in kept], [one for _, one in kept], also)
