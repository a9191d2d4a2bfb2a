"""Customers and events that are to be stored, by column: what requests and imports hand over."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter, itemgetter
from typing import Any, Self

import numpy as np

from valuebox.store.texts import Texts


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
    def of(cls, customers: Sequence[Any]) -> Self:
        """The columns of customers that were sent one by one.

        Args:
            customers: Objects with the attributes of these columns.
        """
        return cls(**_by_column(cls, customers))

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True)
class ArrivingEvents:
    """Events by column: a value per event in each, in the order sent; None and NaN are missing.

    `time` is a list of aware moments or a `datetime64[us]` array in UTC; `properties` are objects,
    or their JSON.
    """

    source: Sequence[str]
    id: Sequence[str]
    customer: Sequence[str | None]
    session: Sequence[str | None]
    type: Sequence[str]
    time: Any
    amount: Any
    currency: Sequence[str | None]
    properties: Sequence[dict[str, Any] | None] | Texts

    @classmethod
    def of(cls, events: Sequence[Any]) -> Self:
        """The columns of events that were sent one by one.

        Args:
            events: Objects with the attributes of these columns.
        """
        return cls(**_by_column(cls, events))

    def __len__(self) -> int:
        return len(self.id)

    def ordered(self) -> tuple[Self, list[int]]:
        """The same events in the order of source and id, and the position of each before.

        Of events with the same key, those that came first are first. The order is that of code
        points, whatever database they go to.
        """
        ids = list(self.id)
        # Nearly always all are of one source: texts compare faster than pairs.
        keys = ids if len(set(self.source)) == 1 else list(zip(self.source, ids, strict=True))
        order = sorted(range(len(ids)), key=keys.__getitem__)
        if order == list(range(len(ids))):
            return self, order
        columns = {name: _taken(column, order) for name, column in vars(self).items()}
        return type(self)(**columns), order

    @property
    def doubled(self) -> bool:
        """Whether two of them have the same source and id."""
        return len(set(zip(self.source, self.id, strict=True))) < len(self)


def _by_column(columns: type[Any], rows: Sequence[Any]) -> dict[str, list[Any]]:
    return {one.name: list(map(attrgetter(one.name), rows)) for one in fields(columns)}


def _taken(column: Any, order: Sequence[int]) -> Any:
    if isinstance(column, np.ndarray):
        return column[order]
    return column.at(order) if isinstance(column, Texts) else itemgetter(*order)(column)
