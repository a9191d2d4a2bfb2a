"""Sessions of machines, told by what no list can bring about.

Leaving out long sessions would leave out more of the arm that visitors like better, which is itself
an effect. A session is therefore called a machine's for a pace that nobody reads at, or for
what it did before the first list was shown.
"""

from typing import Final, NamedTuple

import numpy as np

from valuebox.statistics.arrays import Codes, Floats, Mask


class Pace(NamedTuple):
    """What a visitor does not do."""

    views: int = 20
    """So many views within `seconds` are those of a machine."""
    seconds: float = 60.0
    before: int = 100
    """As many views before the first list are those of a machine, however slow."""


PACE: Final = Pace()


def robots(session: Codes, time: Floats, shown: Floats, pace: Pace = PACE) -> Mask:
    """Which sessions are a machine's.

    Args:
        session: Position of the session of each view, `(n_views,)`, ascending.
        time: Seconds since 1970 of each view, ascending within a session.
        shown: When the first list of each session was shown, `(n_sessions,)`.
        pace: What a visitor does not do.

    Returns:
        `(n_sessions,)`.
    """
    found = np.zeros(len(shown), dtype=bool)
    last = pace.views - 1
    if len(session) > last:
        first, then = slice(None, len(session) - last), slice(last, None)
        burst = (session[first] == session[then]) & (time[then] - time[first] < pace.seconds)
        found[session[first][burst]] = True
    before = np.bincount(session[time < shown[session]], minlength=len(shown))
    slow: Mask = found | (before >= pace.before)
    return slow
