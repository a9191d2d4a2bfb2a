"""Customers and events that are to be stored, by column: what requests and imports hand over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from valuebox.facts.schemas import Customer, Event


@dataclass(frozen=True)
class ArrivingCustomers:
    """Customers by column: a value per customer in each, in the order sent; None is missing.

    `created` is a list of aware moments or a `datetime64[us]` array in UTC.
    """

    source: Sequence[str]
    id: Sequence[str]
    created: Any
    attributes: Sequence[dict[str, Any] | None]

    @classmethod
    def of(cls, customers: Sequence["Customer"]) -> Self:
        """The columns of customers that were sent one by one."""
        return cls(
            [one.source for one in customers],
            [one.id for one in customers],
            [one.created for one in customers],
            [one.attributes for one in customers],
        )

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True)
class ArrivingEvents:
    """Events by column: a value per event in each, in the order sent; None and NaN are missing.

    `time` is a list of aware moments or a `datetime64[us]` array in UTC.
    """

    source: Sequence[str]
    id: Sequence[str]
    customer: Sequence[str | None]
    session: Sequence[str | None]
    type: Sequence[str]
    time: Any
    amount: Any
    currency: Sequence[str | None]
    properties: Sequence[dict[str, Any] | None]

    @classmethod
    def of(cls, events: Sequence["Event"]) -> Self:
        """The columns of events that were sent one by one."""
        return cls(
            [one.source for one in events],
            [one.id for one in events],
            [one.customer for one in events],
            [one.session for one in events],
            [one.type for one in events],
            [one.time for one in events],
            [one.amount for one in events],
            [one.currency for one in events],
            [one.properties for one in events],
        )

    def __len__(self) -> int:
        return len(self.id)
