"""What customers did before a moment, and what they did after it.

Events are sorted once, by who did what on which day. Whatever was done before a moment, or within
so many days of it, then lies between two places that a binary search finds for all customers.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.labels import Labels
from valuebox.facts.reading import CustomerColumns, FactColumns
from valuebox.statistics.arrays import Floats as Floats

Positions = NDArray[np.intp]
"""Positions of customers among those that were read, `(n_customers,)`."""

_DAY: Final = np.timedelta64(1, "D")


class Timeline(NamedTuple):
    """The days on which customers did each of several things: a row a customer, thing and day."""

    things: int
    span: int
    """Number of days."""
    key: NDArray[np.int64]
    """Sorted: `(customer * things + thing) * span + day`, `(n_rows,)`."""
    events: NDArray[np.int64]
    """Number of events before each row, `(n_rows + 1,)`."""
    squares: Floats
    """Sum of the squared gaps between days before each row, `(n_rows + 1,)`."""
    late: NDArray[np.float32]
    """Time of day of the last event of each row, from 0 to 1: `(n_rows,)`."""

    @classmethod
    def of(cls, customer: Positions, thing: Positions, days: Floats, things: int) -> Self:
        """Sort events.

        Args:
            customer: Of each event.
            thing: What each event was; -1 for none of the things.
            days: When, counted from the first day; at least 0.
            things: How many there are.
        """
        span = int(np.floor(days.max(initial=0.0))) + 2
        counted = thing >= 0
        when = days[counted]
        day = when.astype(np.int64)
        key = (customer[counted].astype(np.int64) * things + thing[counted]) * span + day
        # The last event of a day comes last.
        order = np.lexsort((when, key))
        key, when = key[order], when[order]
        last = np.flatnonzero(np.append(np.diff(key) != 0, np.ones(min(1, len(key)), dtype=bool)))
        key = key[last]
        gap = np.diff(key, prepend=key[:1]).astype(np.float64)
        gap[np.diff(key // span, prepend=-1) != 0] = 0
        return cls(
            things,
            span,
            key,
            np.append(0, last + 1),
            np.append(0.0, np.cumsum(gap**2)),
            (when[last] % 1).astype(np.float32),
        )

    def groups(self, customers: Positions) -> NDArray[np.int64]:
        """Where the keys of customers begin, by thing: `(n_customers, things)`."""
        each = customers.astype(np.int64)[:, None] * self.things + np.arange(self.things)
        return each * self.span

    def rows_until(self, groups: NDArray[np.int64], day: int) -> Positions:
        """How many rows come before a day of each group, in the shape of `groups`."""
        inside = groups + min(max(day, 0), self.span - 1)
        return np.searchsorted(self.key, inside.ravel()).reshape(groups.shape)


class History:
    """All that customers did, ready to be looked at as of any moment a whole number of days away.

    Args:
        facts: What happened.
        at: A moment; days begin at its time of day.
        types: Types of events that are told apart; the first of them are the responses.
        responses: How many of them are.
        categories: Categories that are told apart.
    """

    customers: CustomerColumns
    all: Timeline
    by_type: Timeline
    by_category: Timeline
    by_cell: Timeline
    """Events by cell: each response in each category."""

    def __init__(
        self,
        facts: FactColumns,
        at: np.datetime64,
        types: Sequence[str],
        responses: int,
        categories: Sequence[str],
    ) -> None:
        events = facts.events
        own = events.customer >= 0
        customer, time = events.customer[own].astype(np.intp), events.time[own]
        first = time.min() if len(time) else at
        self._origin = at - (int((at - first) // _DAY) + 1) * _DAY
        days = (time - self._origin) / _DAY
        type_ = positions(events.type, types)[own]
        category = positions(events.category, categories)[own]
        is_cell = (type_ >= 0) & (type_ < responses) & (category >= 0)
        cell = np.where(is_cell, type_ * len(categories) + category, -1)
        self.customers = facts.customers
        self.all = Timeline.of(customer, np.zeros_like(customer), days, 1)
        self.by_type = Timeline.of(customer, type_, days, len(types))
        self.by_category = Timeline.of(customer, category, days, len(categories))
        self.by_cell = Timeline.of(customer, cell, days, responses * len(categories))

    def day(self, at: np.datetime64) -> int:
        """The day that begins with a moment."""
        return int((at - self._origin) // _DAY)

    def known(self, at: np.datetime64, chosen: Positions) -> Floats:
        """Days since customers joined; NaN where it is not known, or not yet."""
        days = (at - self.customers.created[chosen]) / _DAY
        days[~(days > 0)] = np.nan
        return days


def joined(facts: FactColumns, at: np.datetime64) -> NDArray[np.bool_]:
    """Which customers had joined by then, or, where it is not known when, had done something."""
    customers, events = facts.customers, facts.events
    # Whoever came later would be taken for a silent customer of the months before.
    who = events.customer[(events.customer >= 0) & (events.time < at)]
    found: NDArray[np.bool_] = customers.created < at
    found[who] |= np.isnat(customers.created)[who]
    return found


def there(facts: FactColumns, at: np.datetime64, days: int) -> Positions:
    """Customers of whom it is known what they did within `days` from a moment on.

    They had joined by then, and their source was watched: it has events from before, and from the
    last tenth of the time, or later.
    """
    customers, events = facts.customers, facts.events
    own = events.customer >= 0
    who, time = events.customer[own], events.time[own]
    source = customers.source.codes[who]
    when = time.astype("datetime64[us]").astype(np.int64)
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
    return np.flatnonzero(joined(facts, at) & watched[customers.source.codes])


def slack(days: int) -> np.timedelta64:
    """How long before its end a time may have its last event, and count as watched to its end."""
    return np.timedelta64(max(24, days * 24 // 10), "h")


def positions(texts: Labels, names: Sequence[str]) -> Positions:
    """The place of each text among some names; -1 where it is another one, or missing."""
    known = {name: place for place, name in enumerate(names)}
    # The code of what is missing is -1, which picks the last.
    moved = np.array([*(known.get(name, -1) for name in texts.names), -1], dtype=np.intp)
    return moved[texts.codes]
