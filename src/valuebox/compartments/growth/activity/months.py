"""Who did something in which calendar month."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.growth.loaded.frames import Facts, month_of, months
from valuebox.compartments.growth.loaded.observed import whole_months
from valuebox.statistics.arrays import Mask

MOST_MONTHS: Final = 60
"""Months that are looked back at most: one event with a wrong date must not make a century."""


@dataclass(frozen=True)
class Activity:
    """Customers by month."""

    active: NDArray[np.bool_]
    """Whether each customer was active in each month, `(n_customers, n_months)`."""
    first: int
    """The first month, counted from 1970-01."""
    complete: int
    """Number of months that were over when the facts end, or nearly so."""

    def name(self, month: int) -> str:
        """A month, counted from the first one here, such as 2013-05."""
        return month_name(self.first + month)


def activity(facts: Facts, rows: Mask, until: np.datetime64) -> Activity:
    """Months in which customers have events.

    Args:
        facts: What happened.
        rows: The events that count as activity.
        until: When the facts end; none is later.

    Returns:
        From the first month that somebody joined or was active, to that of `until`: at most the
        last 60 of them.
    """
    chosen = rows & (facts.events.customer >= 0)
    when = months(facts.events.time[chosen])
    joined = facts.customers.created
    known = months(joined[~np.isnat(joined) & (joined < until)])
    # Until the first moment of a month is until the end of the month before.
    last = month_of(until - np.timedelta64(1, "us"))
    first = min([int(one.min()) for one in (when, known) if len(one)], default=last)
    first = max(first, last + 1 - MOST_MONTHS)
    active = np.zeros((len(facts.customers), last - first + 1), dtype=bool)
    seen = when >= first
    active[facts.events.customer[chosen][seen], when[seen] - first] = True
    return Activity(active, first, whole_months(until) - first)


def month_name(month: int) -> str:
    """A month counted from 1970-01, such as 2013-05."""
    return str(np.datetime64(month, "M"))
