"""Where a value lies in a picture, and which values are written beside it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """A straight line from values to places."""

    low: float
    high: float
    start: float
    """Place of `low`."""
    end: float
    """Place of `high`."""

    def __call__(self, value: float) -> float:
        """The place of a value; of one outside, the nearest end."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 3)


def nice(low: float, high: float, about: int = 4) -> list[float]:
    """Round values at even distances, from at most `low` to at least `high`.

    Args:
        low: The least value.
        high: The greatest one; where it is no greater, it is taken for a bit more.
        about: How many to aim at.
    """
    if high <= low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in _STEPS if power * one >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def within(low: float, high: float) -> list[float]:
    """Three or more round values at even distances, none of them outside of `low` to `high`."""
    for about in range(3, 9):
        found = [value for value in nice(low, high, about) if low <= value <= high]
        if len(found) >= 3:
            break
    return found


def thinned(count: int, at_most: int) -> Sequence[int]:
    """Positions out of `count` to be labelled: at even distances, no more than so many."""
    return range(0, count, max(1, math.ceil(count / at_most)))
