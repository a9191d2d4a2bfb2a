"""Two samples of customers that are to be compared, and what they did in their time."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.growth.loaded.frames import Customers, Events, Facts, joined
from valuebox.facts.clock import moment
from valuebox.facts.labels import Labels
from valuebox.statistics.arrays import Mask


@dataclass(frozen=True)
class Sample:
    """Customers who could respond, and the events in which they may have."""

    customers: Mask
    """Customers of the sample, `(n_customers,)`."""
    events: Mask
    """Events of these customers in their time, `(n_events,)`."""


@dataclass(frozen=True)
class Both:
    """A baseline and what is compared with it, in one list of customers and events."""

    facts: Facts
    baseline: Sample
    current: Sample


def together(baseline: Facts, current: Facts) -> Both:
    """Two sets of facts in one, in which whoever is in both is one customer.

    What is told of customers, and how things are named, is as in `current` where it is there.
    """
    places = [_keys(one.customers) for one in (current, baseline)]
    known = {key: place for place, key in enumerate(places[0])}
    moved = np.array([known.setdefault(key, len(known)) for key in places[1]], dtype=np.int32)
    is_new = moved >= len(places[0])
    customers = _customers(current.customers, baseline.customers, is_new)
    own = current.events
    other = baseline.events
    where = np.append(moved, np.int32(-1))[other.customer]
    events = Events(
        np.concatenate([own.customer, where]),
        joined(own.type, other.type),
        np.concatenate([own.time, other.time]),
        np.concatenate([own.amount, other.amount]),
        joined(own.category, other.category),
        None if own.cost is None or other.cost is None else np.concatenate([own.cost, other.cost]),
    )
    in_current = np.arange(len(customers)) < len(current.customers)
    in_baseline = np.zeros(len(customers), dtype=bool)
    in_baseline[moved] = True
    is_current = np.arange(len(events)) < len(own)
    # A hanging event has position -1, and is nobody's.
    is_someones = events.customer >= 0
    return Both(
        Facts(customers, events),
        Sample(in_baseline, ~is_current & is_someones),
        Sample(in_current, is_current & is_someones),
    )


def joined_before(facts: Facts, end: datetime, zone: tzinfo = UTC) -> Facts:
    """The facts without customers who joined at `end` or later.

    Whoever joined at a time that is not known is taken to have been there. Events of those who
    came later stay, and are nobody's.
    """
    customers, events = facts.customers, facts.events
    chosen = np.isnat(customers.created) | (customers.created < moment(end, zone))
    if chosen.all():
        return facts
    place = np.full(len(customers) + 1, -1, dtype=np.int32)
    place[:-1][chosen] = np.arange(chosen.sum(), dtype=np.int32)
    moved = replace(events, customer=place[events.customer])
    return Facts(customers.where(chosen), moved)


def _keys(customers: Customers) -> list[tuple[str, str]]:
    names = customers.source.names
    sources = [names[code] for code in customers.source.codes.tolist()]
    return list(zip(sources, customers.id.tolist(), strict=True))


def _customers(first: Customers, second: Customers, more: NDArray[np.bool_]) -> Customers:
    nobody = Labels(np.full(len(first), -1, dtype=np.int32), [])
    lacking = Labels(np.full(int(more.sum()), -1, dtype=np.int32), [])
    added = second.where(more)
    return Customers(
        joined(first.source, added.source),
        np.concatenate([first.id, added.id]),
        np.concatenate([first.created, added.created]),
        {
            name: joined(first.attributes.get(name, nobody), added.attributes.get(name, lacking))
            for name in {**first.attributes, **added.attributes}
        },
    )
