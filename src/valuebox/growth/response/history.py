"""What customers did before a moment, and what they did after it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.reading import Coded, EventRows, FactRows

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

RECENT: Final = 30.0
"""Days before the moment that are looked at for themselves."""
_DAY: Final = np.timedelta64(1, "D")


class Done(NamedTuple):
    """Events of chosen customers; all arrays are `(n_events,)`."""

    who: Positions
    """Position among the chosen customers."""
    type: Positions
    """Position among the named types; -1 for another one."""
    category: Positions
    """Position among the named categories; -1 for another one, or none."""
    days: Floats
    """From the event to the moment; negative for what came after it."""

    def where(self, rows: NDArray[np.bool_]) -> "Done":
        """Some of them."""
        return Done(self.who[rows], self.type[rows], self.category[rows], self.days[rows])


class Seen(NamedTuple):
    """How often and how lately customers did each of several things: `(n_customers, n_things)`."""

    times: Floats
    recent: Floats
    """Within the last `RECENT` days."""
    days: Floats
    """Since the last time; NaN where there was none."""


def there(facts: FactRows, at: np.datetime64, days: int) -> Positions:
    """Customers of whom it is known what they did within `days` from a moment on.

    They had joined by then, as whoever joined at a time that is not known. And their source was
    watched: it has events from before, and from the last tenth of the time, or later.
    """
    customers, events = facts.customers, facts.events
    joined = np.isnat(customers.created) | (customers.created < at)
    own = events.customer >= 0
    source = customers.source.codes[events.customer[own]]
    when = events.time[own].astype("datetime64[us]").astype(np.int64)
    bounds = np.iinfo(np.int64)
    first = np.full(len(customers.source.names), bounds.max)
    last = np.full(len(customers.source.names), bounds.min)
    np.minimum.at(first, source, when)
    np.maximum.at(last, source, when)
    begin, end = (
        int(one.astype("datetime64[us]").astype(np.int64))
        for one in (at, at + np.timedelta64(days, "D") - slack(days))
    )
    watched = (first < begin) & (last >= end)
    return np.flatnonzero(joined & watched[customers.source.codes])


def slack(days: int) -> np.timedelta64:
    """How long before its end a time may have its last event, and count as watched to its end."""
    return np.timedelta64(max(24, days * 24 // 10), "h")


def done(
    facts: FactRows,
    chosen: Positions,
    at: np.datetime64,
    types: Sequence[str],
    categories: Sequence[str],
) -> Done:
    """All that some customers did, whenever.

    Args:
        facts: What happened.
        chosen: Positions of the customers, each at most once.
        at: The moment that days are counted from.
        types: Types of events that are told apart.
        categories: Categories that are told apart.
    """
    events: EventRows = facts.events
    place = np.full(len(facts.customers) + 1, -1, dtype=np.intp)
    place[chosen] = np.arange(len(chosen))
    who = place[events.customer]
    found = Done(
        who,
        _positions(events.type, types),
        _positions(events.category, categories),
        (at - events.time) / _DAY,
    )
    return found.where(who >= 0)


def seen(who: Positions, what: Positions, days: Floats, shape: tuple[int, int]) -> Seen:
    """Count what was done.

    Args:
        who: Customer of each event.
        what: Which thing it was; -1 is none of them.
        days: Since then.
        shape: Number of customers, number of things.
    """
    size = shape[0] * shape[1]
    counted = what >= 0
    place = who[counted] * shape[1] + what[counted]
    ago = days[counted]
    last = np.full(size, np.inf)
    np.minimum.at(last, place, ago)
    last[np.isinf(last)] = np.nan
    return Seen(
        np.bincount(place, minlength=size).astype(np.float64).reshape(shape),
        np.bincount(place[ago <= RECENT], minlength=size).astype(np.float64).reshape(shape),
        last.reshape(shape),
    )


def _positions(texts: Coded, names: Sequence[str]) -> Positions:
    known = {name: place for place, name in enumerate(names)}
    # The code of what is missing is -1, which picks the last.
    moved = np.array([*(known.get(name, -1) for name in texts.names), -1], dtype=np.intp)
    return moved[texts.codes]
