"""Intervals of changes that may be looked at every day, and what they prove.

The two arms together are one stream of sessions, of each of which an arm's figure is made; the mean
of such a stream has an interval that holds at all looks together (`statistics.always_valid`).
"""

from typing import Any, Final, NamedTuple

import numpy as np

from valuebox.statistics.always_valid import multiple
from valuebox.statistics.arrays import Codes
from valuebox.statistics.ratios import RatioSums, log_change

SEQUENCE: Final = 0.99
"""How sure the interval is that is looked at every day."""
TIGHT_AT: Final = 20_000.0
"""Sessions of both arms at which it is as tight as it can be, where no size was planned."""
FEWEST: Final = 100
"""Sessions of either arm below which nothing is said of a figure."""
FEWEST_SOME: Final = 20
"""Of these, sessions that have anything of the figure, such as an order."""
DAY: Final = 86_400.0


class Change(NamedTuple):
    """A figure as a multiple of the control's, less 1, with its interval; arrays of one shape."""

    value: Any
    lower: Any
    """Minus 1 where nothing can be said."""
    upper: Any
    """Infinite where nothing can be said."""


class Proven(NamedTuple):
    """What an interval of a change proves; arrays of one shape."""

    better: Any
    """Whether the figure is proven to be better than the control's."""
    not_worse: Any
    """Whether the figure is proven to be worse by less than the margin, if at all."""
    worse: Any
    """Whether the figure is proven to be worse than the control's."""
    beyond: Any
    """Whether the figure is proven to be worse by more than the margin."""


def sequence(
    arm: RatioSums, control: RatioSums, level: float = SEQUENCE, tight_at: float = TIGHT_AT
) -> Change:
    """The change of a figure, with an interval that holds at all looks together.

    Args:
        arm: Sums of the arm, by look.
        control: Sums of the control, by look.
        level: How sure the interval is, of all looks together.
        tight_at: Sessions of both arms at which it is tightest, named before the first look.
    """
    change = log_change(arm, control)
    count = np.maximum(arm.n + control.n, 1)
    reach = change.error * multiple(count, level, tight_at)
    enough = np.minimum(arm.n, control.n) >= FEWEST
    enough &= np.minimum(arm.some, control.some) >= FEWEST_SOME
    # Where nothing varies nobody knows how much something might.
    enough &= np.isfinite(change.value) & (change.error > 0)
    with np.errstate(invalid="ignore", over="ignore"):
        lower = np.where(enough, np.expm1(change.value - reach), -1.0)
        upper = np.where(enough, np.expm1(change.value + reach), np.inf)
    return Change(np.expm1(change.value), lower, upper)


def proven(change: Change, higher_is_better: bool, margin: float) -> Proven:
    """What the interval of a change proves.

    Args:
        change: With its interval.
        higher_is_better: Whether more of the figure is better.
        margin: What it may lose, as a share of the control's.
    """
    low, high = change.lower, change.upper
    if not higher_is_better:
        low, high = -high, -low
    return Proven(low > 0, low > -margin, high < 0, high < -margin)


def days_of(first: Any) -> tuple[Codes, Any]:
    """The day of each session, from that of the first session on, in UTC.

    Args:
        first: First moment of each session, in seconds since 1970.

    Returns:
        The position of each session's day, and when each day begins, in seconds since 1970.
    """
    if not len(first):
        return np.zeros(0, dtype=np.intp), np.zeros(0)
    day = np.floor(np.asarray(first) / DAY).astype(np.intp)
    start = day.min()
    return day - start, np.arange(start, day.max() + 1) * DAY
