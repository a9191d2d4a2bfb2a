"""How often, how lately and how regularly customers did something, as numbers for a model."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.windows import Floats, Timeline

WINDOWS: Final = (7, 30, 90, 365)
"""Days before the moment in which events are counted."""
_PRIOR_GAP: Final = 30.0
"""Days between two events, for customers with only one."""

NAMES: Final = (
    *(f"events {days}" for days in WINDOWS), "events",
    *(f"days {days}" for days in WINDOWS), "days",
    "recency", "never", "age", "gap", "spread", "lateness", "last gap", "pace",
)  # fmt: skip
"""Logarithms, all finite. `days` are those with an event; `gap` the mean gap between them, and
`spread` its deviation as a share of it; `lateness` compares recency with the gap; `pace` foretells
the days with an event of the coming period, at the rate of the last year."""


def rhythm(
    timeline: Timeline, groups: NDArray[np.int64], day: int, ahead: int, known: Floats
) -> NDArray[np.float32]:
    """The features `NAMES` of each group of a timeline.

    Args:
        timeline: What was done.
        groups: Of customers and things, as `Timeline.groups` makes them.
        day: When it is looked at; whatever was done from then on is not.
        ahead: Days of the period to come.
        known: Days that each customer has been known, `(n_customers,)`.

    Returns:
        `(*groups.shape, len(NAMES))`.
    """
    start, end = timeline.rows_until(groups, 0), timeline.rows_until(groups, day)
    begins = [timeline.rows_until(groups, day - days) for days in WINDOWS]
    days = (end - start).astype(np.float64)
    some = days > 0
    # Two, as the last but one is looked at even where nobody has done anything.
    padded_key = np.append(timeline.key, [0, 0])
    padded_late = np.append(timeline.late, np.float32(0))
    age = np.where(some, day - (padded_key[start] - groups), known[:, None])
    last_day = day - (padded_key[end - 1] - groups)
    recency = np.where(some, last_day - padded_late[end - 1], known[:, None])
    between = np.where(some, age - last_day, 0.0)
    gap = (between + _PRIOR_GAP) / np.maximum(days, 1)
    mean = between / np.maximum(days - 1, 1)
    variance = (timeline.squares[end] - timeline.squares[start]) / np.maximum(days - 1, 1) - mean**2
    spread = np.where(days > 2, np.sqrt(np.maximum(variance, 0)) / np.maximum(mean, 0.5), 1.0)
    before = np.where(days > 1, padded_key[end - 1] - padded_key[end - 2], gap)
    year = np.minimum(np.maximum(age, ahead), WINDOWS[-1])
    counts = [timeline.events[end] - timeline.events[one] for one in (*begins, start)]
    counts += [end - one for one in (*begins, start)]
    return np.stack(
        [
            *(np.log1p(count) for count in counts),
            np.log1p(recency),
            ~some,
            np.log1p(age),
            np.log(gap),
            np.log1p(spread),
            np.log1p(recency) - np.log1p(gap),
            np.log1p(before),
            np.log1p(ahead * (end - begins[-1]) / year),
        ],
        axis=-1,
        dtype=np.float32,
        casting="unsafe",
    )
