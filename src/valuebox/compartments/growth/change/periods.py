"""Periods of the same length: a longer one gives customers more time to respond."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from valuebox.compartments.growth.change.samples import Sample
from valuebox.compartments.growth.loaded.frames import Facts

_ALIKE: Final = 0.02
"""How much longer a period may be, as a share of the other one, to be taken for as long."""
_DAY: Final = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Period:
    """A period of time; `end` is not in it."""

    start: np.datetime64
    end: np.datetime64

    @property
    def days(self) -> float:
        """Length of the period, in days."""
        return float((self.end - self.start) / _DAY)

    def first(self, days: float) -> "Period":
        """The first `days` days of the period."""
        return Period(self.start, self.start + _timedelta(days))

    def last(self, days: float) -> "Period":
        """The last `days` days of the period."""
        return Period(self.end - _timedelta(days), self.end)


def are_alike(one: Period, other: Period) -> bool:
    """Whether two periods are as long, but for a day, or for 2 %."""
    apart = abs(one.days - other.days)
    return apart <= 1 or apart <= _ALIKE * min(one.days, other.days)


def within(facts: Facts, sample: Sample, period: Period) -> Sample:
    """Customers of a sample who had joined by the end of a period, and their events in it."""
    time, created = facts.events.time, facts.customers.created
    there = sample.customers & (np.isnat(created) | (created < period.end))
    own = np.append(there, False)[facts.events.customer]
    inside = (time >= period.start) & (time < period.end)
    return replace(sample, customers=there, events=sample.events & inside & own)


def _timedelta(days: float) -> np.timedelta64:
    return np.timedelta64(round(days * 86_400e6), "us")
