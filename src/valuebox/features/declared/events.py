"""Events by column, as declarations read them, and the log of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.features.declared.columns import Coded, Column, taken
from valuebox.features.declared.log import Microseconds

SECOND: Final = 1e6


@dataclass(frozen=True)
class Events:
    """Events by column, in any order."""

    source: Coded
    id: NDArray[np.object_]
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
    import pandas as pd

    key = (
        pd.factorize(events.id)[0].astype(np.int64) * (len(events.source.values) + 1)
        + events.source.codes
    )
    order = np.argsort(events.received, kind="stable")
    _, first = np.unique(key[order], return_index=True)
    return events if len(first) == len(events) else events.taken(np.sort(order[first]))
