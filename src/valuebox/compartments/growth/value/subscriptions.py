"""When subscriptions began and were cancelled, out of the events of customers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.statistics.arrays import Mask, Moments

_BEGINS, _ENDS = 0, 1


@dataclass(frozen=True)
class Subscriptions:
    """Subscriptions, one row each; a customer who came back has several."""

    customer: NDArray[np.intp]
    """Position in `Customers`, `(n_subscriptions,)`."""
    start: Moments
    end: Moments
    """Time of the cancellation; NaT where there was none."""

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def cancelled(self) -> Mask:
        """Which subscriptions have been cancelled."""
        found: Mask = ~np.isnat(self.end)
        return found

    def periods(self, until: np.datetime64, days: int) -> NDArray[np.int64]:
        """Whole periods of `days` days that each was renewed for: `(n_subscriptions,)`."""
        last = np.where(np.isnat(self.end), until, self.end)
        whole: NDArray[np.int64] = (last - self.start) // np.timedelta64(days, "D")
        return whole

    def watched(self, until: np.datetime64, days: int) -> NDArray[np.int64]:
        """Whole periods since each began, whether it was cancelled or not."""
        whole: NDArray[np.int64] = (until - self.start) // np.timedelta64(days, "D")
        return whole


def subscriptions(
    facts: Facts, begins: str | None, ends: str, until: np.datetime64
) -> Subscriptions:
    """Follow customers from one beginning to the next end.

    While a subscription lasts further beginnings say nothing new, such as renewals; neither do
    ends while there is none.

    Args:
        facts: What happened.
        begins: The type of event with which a subscription begins; None where it begins with the
            moment at which a customer was created.
        ends: The type of event with which it ends.
        until: When the facts end; later events are not looked at.
    """
    events, created = facts.events, facts.customers.created
    seen = (events.customer >= 0) & (events.time < until)
    over = seen & events.type.are(ends)
    if begins is None:
        someone = np.flatnonzero(created < until)
        started, at = someone, created[someone]
    else:
        rows = seen & events.type.are(begins)
        started, at = events.customer[rows].astype(np.intp), events.time[rows]
    customer = np.concatenate([started, events.customer[over].astype(np.intp)])
    time = np.concatenate([at, events.time[over]])
    kind = np.repeat([_BEGINS, _ENDS], [len(started), int(over.sum())])
    # What begins and ends in the same moment has lasted for none, and is over.
    order = np.lexsort((kind, time, customer))
    customer, time, kind = customer[order], time[order], kind[order]
    is_first = np.append(True, customer[1:] != customer[:-1])[: len(customer)]
    before = np.append(_ENDS, kind[:-1])[: len(customer)]
    before[is_first] = _ENDS
    starts = np.flatnonzero((kind == _BEGINS) & (before == _ENDS))
    finished = np.flatnonzero((kind == _ENDS) & (before == _BEGINS))
    # Beginnings and ends alternate, so that the next end of the same customer is its own.
    place = np.searchsorted(finished, starts)
    end = np.full(len(starts), np.datetime64("NaT"), dtype=time.dtype)
    inside = np.flatnonzero(place < len(finished))
    own = customer[finished[place[inside]]] == customer[starts[inside]]
    end[inside[own]] = time[finished[place[inside[own]]]]
    return Subscriptions(customer[starts], time[starts], end)
