"""Customers and events by column, as every analysis of this compartment takes them.

They are read once and held as codes and numbers, about 30 bytes an event, so that millions fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Moments = NDArray[np.datetime64]
Codes = NDArray[np.intp]
Mask = NDArray[np.bool_]

UNKNOWN: Final = "(unknown)"
"""The group of whoever lacks the attribute, and of events whose customer is not there."""


class Groups(NamedTuple):
    """Which group each row belongs to."""

    codes: Codes
    """`(n_rows,)`, positions in `names`; never negative."""
    names: list[str]

    def counts(self, rows: Mask | None = None) -> NDArray[np.int64]:
        """How many rows, or how many of `rows`, each group has: `(n_groups,)`."""
        codes = self.codes if rows is None else self.codes[rows]
        return np.bincount(codes, minlength=len(self.names))

    def sums(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Sum of `values` in each group, missing ones left out: `(n_groups,)`."""
        return np.bincount(self.codes, np.nan_to_num(values), minlength=len(self.names))


@dataclass(frozen=True)
class Customers:
    """One row a customer."""

    source: pd.Categorical
    """Where the customer was read from: ids are only unique within it."""
    id: NDArray[np.object_]
    created: Moments
    """UTC; NaT where it is not known."""
    attributes: Mapping[str, pd.Categorical]
    """By name, such as `campaign`; missing where a customer lacks it."""

    def __len__(self) -> int:
        return len(self.id)

    def groups(self, attribute: str) -> Groups:
        """Customers by an attribute, `source` included; all unknown where nobody has it."""
        if attribute == "source":
            return grouped(self.source)
        values = self.attributes.get(attribute)
        return grouped(pd.Categorical([None] * len(self)) if values is None else values)


@dataclass(frozen=True)
class Events:
    """One row an event, in no order."""

    customer: NDArray[np.int32]
    """Position in `Customers`; -1 where the customer is not there."""
    type: pd.Categorical
    time: Moments
    """UTC."""
    amount: NDArray[np.float64]
    """Money that moved, in one currency; NaN where none did."""
    category: pd.Categorical
    """Of what it was about; missing where that is not known."""

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, rows: Mask) -> "Events":
        """Some of them."""
        return Events(
            self.customer[rows],
            self.type[rows],
            self.time[rows],
            self.amount[rows],
            self.category[rows],
        )

    def is_type(self, name: str) -> Mask:
        """Which are of a type; none where no event is."""
        categories = list(self.type.categories)
        if name not in categories:
            return np.zeros(len(self), dtype=bool)
        return np.asarray(self.type.codes == categories.index(name))


@dataclass(frozen=True)
class Facts:
    """What happened."""

    customers: Customers
    events: Events

    def event_groups(self, attribute: str) -> Groups:
        """Events by an attribute of their customers."""
        codes, names = self.customers.groups(attribute)
        hanging = self.events.customer < 0
        if hanging.any():
            if UNKNOWN not in names:
                names = [*names, UNKNOWN]
            codes = np.append(codes, names.index(UNKNOWN))
        return Groups(codes[self.events.customer], names)

    def per_customer(self, rows: Mask | None = None) -> NDArray[np.int64]:
        """Events, or those among `rows`, of each customer: `(n_customers,)`."""
        own = self.events.customer >= 0
        chosen = self.events.customer[own if rows is None else own & rows]
        return np.bincount(chosen, minlength=len(self.customers))

    def amount_per_customer(self, rows: Mask) -> NDArray[np.float64]:
        """Money that moved in `rows`, summed by customer: `(n_customers,)`."""
        chosen = rows & (self.events.customer >= 0)
        amounts = np.nan_to_num(self.events.amount[chosen])
        return np.bincount(self.events.customer[chosen], amounts, minlength=len(self.customers))

    def of_customers(self, chosen: Mask) -> "Facts":
        """Some customers, and their events."""
        position = np.full(len(self.customers) + 1, -1, dtype=np.int32)
        position[:-1][chosen] = np.arange(chosen.sum(), dtype=np.int32)
        rows = np.append(chosen, False)[self.events.customer]
        events = self.events.where(rows)
        customers = Customers(
            self.customers.source[chosen],
            self.customers.id[chosen],
            self.customers.created[chosen],
            {name: values[chosen] for name, values in self.customers.attributes.items()},
        )
        moved = Events(
            position[events.customer], events.type, events.time, events.amount, events.category
        )
        return Facts(customers, moved)


def grouped(values: pd.Categorical) -> Groups:
    """Rows by what they have, alphabetically; those that lack it are `UNKNOWN`, last."""
    names = [str(name) for name in values.categories]
    codes = np.asarray(values.codes, dtype=np.intp)
    used = np.bincount(codes[codes >= 0], minlength=len(names)) > 0
    order = sorted(np.flatnonzero(used).tolist(), key=lambda code: names[code])
    missing = bool((codes < 0).any())
    place = np.full(len(names) + 1, len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    return Groups(place[codes], [names[code] for code in order] + [UNKNOWN] * missing)


def crossed(first: Groups, second: Groups) -> Groups:
    """Rows by both; names are those of `first`, then ` · `, then those of `second`."""
    width = len(second.names)
    names = [f"{one} · {other}" for one in first.names for other in second.names]
    return Groups(first.codes * width + second.codes, names)


def categorical(values: Sequence[str | None]) -> pd.Categorical:
    """Texts, of which None is missing."""
    return pd.Categorical(values)


def months(moments: Moments) -> NDArray[np.int64]:
    """Calendar months since 1970-01, UTC; the smallest integer for NaT."""
    return moments.astype("datetime64[M]").astype(np.int64)
