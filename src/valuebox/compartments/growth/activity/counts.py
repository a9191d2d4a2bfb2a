"""How many customers there are and what they do: histograms and stacked bars."""

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.frames import Facts, Groups, crossed, grouped

_LONGEST: Final = 20
"""Most events of a customer that have a bar of their own; with more, customers share one."""


class NotEnough(ValueError):
    """Too little happened for a part of the report; the message says what is missing."""


class Bar(BaseModel):
    """One bar of a histogram."""

    model_config = ConfigDict(frozen=True)

    name: str
    count: int


class Action(BaseModel):
    """What the customers of a group did in a category."""

    model_config = ConfigDict(frozen=True)

    group: str
    category: str
    type: str
    events: int


class EventsPerCustomer(BaseModel):
    """How many events customers have; those without any count as well."""

    model_config = ConfigDict(frozen=True)

    events: int = Field(description="Events of known customers.")
    customers: int = Field(description="Number of customers.")
    active: int = Field(description="Customers with at least one event.")
    mean: float | None = Field(description="Events for each customer.")
    most: int = Field(description="Largest number of events that a single customer has.")
    histogram: list[Bar] = Field(description="Customers by their number of events.")


def bars(groups: Groups) -> list[Bar]:
    """How many rows each group has, in the order of the groups."""
    counts = groups.counts().tolist()
    return [Bar(name=name, count=n) for name, n in zip(groups.names, counts, strict=True)]


def actions(facts: Facts, attribute: str) -> list[Action]:
    """Events by group of customers, category and type; combinations that occur, in this order."""
    by_group, by_category = facts.event_groups(attribute), grouped(facts.events.category)
    by_type = grouped(facts.events.type)
    counts = crossed(crossed(by_group, by_category), by_type).counts()
    shape = (len(by_group.names), len(by_category.names), len(by_type.names))
    return [
        Action(
            group=by_group.names[group],
            category=by_category.names[category],
            type=by_type.names[kind],
            events=int(counts.reshape(shape)[group, category, kind]),
        )
        for group, category, kind in np.argwhere(counts.reshape(shape)).tolist()
    ]


def events_per_customer(facts: Facts) -> EventsPerCustomer:
    """Join customers with their events: one row a customer, whatever the events.

    The events are counted first and joined by customer afterwards. Without that condition every
    customer would meet every event, and without counting those who have none would be lost.
    """
    counts = facts.per_customer()
    total = int(counts.sum())
    capped = np.bincount(np.minimum(counts, _LONGEST + 1), minlength=1)
    names = [str(n) for n in range(_LONGEST + 1)] + [f"{_LONGEST + 1} or more"]
    return EventsPerCustomer(
        events=total,
        customers=len(counts),
        active=int((counts > 0).sum()),
        mean=total / len(counts) if len(counts) else None,
        most=int(counts.max(initial=0)),
        histogram=[
            Bar(name=name, count=n) for name, n in zip(names, capped.tolist(), strict=False)
        ],
    )
