"""The curve by which bets were foretold to come in, as it is stored with a vintage."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from valuebox.compartments.handle.pace import Pace

DRAWN: Final = (
    *(336, 288, 240, 216, 192, 168, 144, 120, 96, 84, 72, 60, 48, 42, 36, 30, 24, 20, 16, 12),
    *(9, 6, 4, 3, 2, 1, 0, -2, -4),
)
"""Hours before a match at which the curve is stored; after its beginning they are below 0."""
_DIGITS: Final = 5

Curve = Sequence[tuple[int, float]]
"""Hours before a match, and the share of its handle that is there by then, at the usual pace."""


def curve_of(pace: Pace, slot: str) -> list[tuple[int, float]]:
    """The curve of a match of a slot, from long before it on."""
    curves = pace.curves([(slot, (float(lead),)) for lead in DRAWN])
    shares = [float(one.mean[0]) for one in curves]
    # Each share weighs matches anew; bets that have come do not go.
    rising = np.maximum.accumulate(shares).round(_DIGITS)
    return list(zip(DRAWN, rising.tolist(), strict=True))


def share_at(curve: Curve, lead: float) -> float:
    """The share of a curve at any lead, on a straight line between those that are stored."""
    later = [one for one in curve if one[0] <= lead]
    earlier = [one for one in curve if one[0] > lead]
    if not later or not earlier:
        return (later or earlier)[0 if later else -1][1]
    (high, before), (low, after) = earlier[-1], later[0]
    return after + (before - after) * (lead - low) / (high - low)
