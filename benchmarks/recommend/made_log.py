"""A made-up log of any size: visitors who stay within a few items that lie together."""

import numpy as np
from numpy.typing import NDArray

MONDAY = 1_700_000_000.0


def made(
    clicks: int, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], list[str]]:
    """Sessions, items, times and ids; four clicks a session, an item for a hundred clicks.

    A tenth of the items has half of the clicks, and a session's are on items near each other.
    """
    random = np.random.default_rng(seed)
    n_items, n_sessions = max(clicks // 100, 100), clicks // 4
    sessions = random.integers(0, n_sessions, size=clicks)
    about = (n_items * random.random(n_sessions) ** 3).astype(np.int32)
    items = about[sessions] + np.rint(random.standard_cauchy(clicks) * 3).clip(-99, 99)
    starts = MONDAY + random.random(n_sessions) * 30 * 86_400
    times = starts[sessions] + random.random(clicks) * 1200
    ids = [f"item-{place}" for place in range(n_items)]
    return sessions, (items % n_items).astype(np.int32), times, ids
