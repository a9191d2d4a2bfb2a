"""Events by column, as declarations read them, and the log of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.columns import Coded, Column, taken
from valuebox.features.declared.doubled import repeated
from valuebox.features.declared.log import Microseconds

SECOND: Final = 1e6


class Ids(Protocol):
    """Ids of events, by position: an array of texts, or texts that are kept otherwise."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[Any], /) -> "Ids": ...

    def tolist(self) -> list[str]:
        """The ids as Python has them."""


@dataclass(frozen=True)
class Events:
    """Events by column, in any order."""

    source: Coded
    id: Ids
    customer: Coded
    session: Coded
    type: Coded
    time: Microseconds
    """When each happened, in microseconds since 1970."""
    received: Microseconds
    """When each was received, likewise."""
    amount: NDArray[np.float64]
    currency: Coded
    property: Callable[[str], Column]
    """The column of a property; called once for each that is read."""

    def __len__(self) -> int:
        return len(self.time)

    def read(self, name: str) -> Column:
        """The column of a name, as expressions ask for it."""
        match name:
            case "time":
                return self.time / SECOND
            case "received_at":
                return self.received / SECOND
            case "id":
                return Coded.of(one or None for one in self.id.tolist())
            case "source" | "customer" | "session" | "type" | "amount" | "currency":
                found: Column = getattr(self, name)
                return found
        return self.property(name)

    def in_currency(self, currency: str) -> "Events":
        """Every event, with amounts in one currency alone: other amounts are missing."""
        wanted = [one == currency for one in self.currency.values]
        is_in = self.currency.mapped(wanted, False, np.bool_)
        return replace(self, amount=np.where(is_in, self.amount, np.nan))

    def taken(self, rows: NDArray[Any]) -> "Events":
        """Some of the events, in the order of their positions."""

        def of(column: Coded) -> Coded:
            return Coded(column.codes[rows], column.values)

        return Events(
            of(self.source),
            self.id[rows],
            of(self.customer),
            of(self.session),
            of(self.type),
            self.time[rows],
            self.received[rows],
            self.amount[rows],
            of(self.currency),
            lambda name: taken(self.property(name), rows),
        )


def once(events: Events) -> Events:
    """Each event once: of those with the same source and id the one that was received first."""
    lost = repeated(events.id, events.source.codes, events.received)
    if not len(lost):
        return events
    kept = np.ones(len(events), dtype=bool)
    kept[lost] = False
    return events.taken(np.flatnonzero(kept))
