"""A process that uses a limit up beside others; started anew, since a fork copies held locks."""

import time
from typing import TYPE_CHECKING

from valuebox.access.limits import Limits, RateLimited

if TYPE_CHECKING:
    import multiprocessing


def use_all(granted: "multiprocessing.Queue[int]", now: float) -> None:
    """Use a limit of 700 requests as often as it is granted in 500 tries.

    Args:
        granted: Gets how often that was.
        now: What the clock says in this process, seconds since 1970.
    """
    time.time = lambda: now
    counted, mine = Limits(), 0
    for _ in range(500):
        try:
            counted.use("key", "requests", 1, 700)
            mine += 1
        except RateLimited:
            continue
    granted.put(mine)
