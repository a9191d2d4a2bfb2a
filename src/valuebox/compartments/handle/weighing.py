"""What the live feed says, weighed against what the warehouse knows: believed or named, not both.

What one field says that cannot be is reason to believe nothing of that field, of any match: a
feed that makes up one number makes up others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np

from valuebox.compartments.handle.book import DAY, Fixture
from valuebox.compartments.handle.features import UserCounts
from valuebox.compartments.handle.feed import FeedSaid
from valuebox.compartments.handle.forecasting import Fitted
from valuebox.compartments.handle.reading import second

_SLACK: Final = 0.03
"""How far more users than expected may be, as a share, beside what the growth explains."""
_LESS: Final = 0.005
"""How far fewer users than the warehouse has may be."""


@dataclass(frozen=True)
class Weighed:
    """What is believed of the feed."""

    users: float | None = None
    """All registered users, where that is believed."""
    is_there: bool = False
    """Whether the feed answered anything that can be read."""
    notes: list[str] = field(default_factory=list)
    """What is not believed, in sentences."""

    @property
    def is_used(self) -> bool:
        """Whether anything of the feed is believed."""
        return self.users is not None


def weigh(
    said: FeedSaid | None, fitted: Fitted, matches: Sequence[Fixture], at: datetime
) -> Weighed:
    """What to believe of the feed.

    Args:
        said: What it answered; None where there is no feed.
        fitted: What is known.
        matches: Those that are asked about.
        at: When it was asked.
    """
    if said is None:
        return Weighed()
    if said.failure is not None:
        return Weighed(notes=[said.failure])
    rows = _rows(said.content)
    if rows is None:
        return Weighed(notes=["The feed answers no list of events."])
    notes = list(_strange(rows, fitted, matches))
    every = {_count(row.get("all_registered")) for row in rows}
    if not every or None in every:
        notes.append("all_registered is missing, or no count, in some of its events.")
    elif len(every) > 1:
        notes.append("all_registered differs from event to event, of one moment.")
    else:
        (users,) = every
        known, likely = _expected(fitted, at)
        if users is not None and known * (1 - _LESS) <= users <= likely * (1 + _SLACK):
            return Weighed(float(users), True, notes)
        notes.append(
            f"all_registered is {users:,}, where the warehouse knows {known:,.0f} users and about "
            f"{likely:,.0f} are likely by now."
        )
    return Weighed(None, True, notes)


def _rows(content: Any) -> list[dict[str, Any]] | None:
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
        return None
    return events[:1_000]


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if math.isfinite(value) and value >= 0 and value == int(value) else None


def _expected(fitted: Fitted, at: datetime) -> tuple[float, float]:
    """Users that the warehouse knows, and those that are likely at a moment at most."""
    through = fitted.book.through
    counts = UserCounts(fitted.book, through)
    now = np.array([max(second(at), through)])
    known = float(counts.all(np.array([through]))[0])
    grown = float(counts.all(now)[0])
    fresh = float(counts.new(np.array([through]))[0]) / 30
    days = float((now[0] - through) / DAY)
    return known, max(grown, known + 3 * fresh * (days + 1))


def _strange(
    rows: Sequence[dict[str, Any]], fitted: Fitted, matches: Sequence[Fixture]
) -> list[str]:
    """What of its events does not fit to the matches that are known."""
    notes = []
    teams = {*fitted.book.matches.home.tolist(), *fitted.book.matches.away.tolist()}
    named = [tuple(" ".join(str(row.get(k)).split()) for k in ("home_team", "away_team"))
             for row in rows]  # fmt: skip
    if unknown := sum(not set(pair) <= teams for pair in named):
        notes.append(f"{unknown} of its events have teams that are not known.")
    if len(set(named)) < len(named):
        notes.append("It tells of some matches twice.")
    missing = sum((one.home, one.away) not in named for one in matches)
    if missing:
        notes.append(f"It does not tell of {missing} of the {len(matches)} matches.")
    return notes
