"""Sessions that look like a machine's, by their length and pace."""

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.setting import Bots
from valuebox.statistics.arrays import Floats, Mask


def looks_like_a_bot(begins: NDArray[np.int64], times: Floats, bots: Bots) -> Mask:
    """Which sessions have too many clicks, or many at a pace that no visitor keeps.

    A reload storm, many clicks within a second or two, is as fast as a machine, and says as little.

    Args:
        begins: Where the clicks of each session begin, and where the last ends, `(n + 1,)`.
        times: Seconds of each click, ascending within a session.
        bots: What is too long and too fast.

    Returns:
        `(n,)`.
    """
    lengths = np.diff(begins)
    if not len(lengths):
        return np.zeros(0, dtype=bool)
    took = times[begins[1:] - 1] - times[begins[:-1]]
    fast = (lengths >= bots.least_clicks) & (took < bots.pace * (lengths - 1))
    found: Mask = fast | (lengths > bots.most_clicks)
    return found
