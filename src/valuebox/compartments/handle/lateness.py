"""How complete the newest load is likely to be: how bets of earlier loads' last days came in later.

A load that brings part of a day's bets looks like a day on which little was bet. How often that
was so, and how much was missing, is known of the loads before the newest.
"""

from typing import Final, NamedTuple

import numpy as np

from valuebox.compartments.handle.book import DAY, HOUR, Book

_FEW: Final = 20.0
"""Bets of a day below which their number says nothing of a load."""
_PARTIAL: Final = 0.95
"""Share of a day's bets below which its load counts as partial."""
_LIKELY: Final = 0.01
_LOADS: Final = 5.0
"""How likely a load is partial where nothing is known, and how many loads that counts as."""
_SIZE: Final = float(np.log(0.7))
_DEVIATION: Final = 0.3
_PARTS: Final = 2.0
"""How much of a day a partial load brings where nothing is known, in logarithms, how far single
ones are from that, and how many partial loads that counts as."""


class Lateness(NamedTuple):
    """What the loads before say of the newest one."""

    likely: float
    """Probability that the newest load has only part of the bets of its last day."""
    size: float
    """Logarithm of the part of the bets that such a load has."""
    deviation: float
    """Standard deviation of the logarithm `size`."""


def lateness(book: Book) -> Lateness:
    """How complete the last day of a book is likely to be.

    Args:
        book: What is known, cut at the moment that counts.
    """
    bets = book.bets
    loads = np.unique(bets.loaded_at)
    # The first load brings years at once, and of the newest nothing has come later.
    parts = []
    for load in loads[1:-1]:
        is_there = bets.loaded_at <= load
        until = bets.placed[is_there].max() + HOUR
        is_day = (bets.placed >= until - DAY) & (bets.placed < until)
        count = float(bets.count[is_day].sum())
        if count >= _FEW:
            parts.append(float(bets.count[is_day & is_there].sum()) / count)
    logs = np.log(np.maximum([one for one in parts if one < _PARTIAL], 0.05))
    likely = (len(logs) + _LIKELY * _LOADS) / (len(parts) + _LOADS)
    size = (float(logs.sum()) + _SIZE * _PARTS) / (len(logs) + _PARTS)
    square = float(((logs - size) ** 2).sum()) + _DEVIATION**2 * _PARTS
    return Lateness(likely, size, float(np.sqrt(square / (len(logs) + _PARTS))))
