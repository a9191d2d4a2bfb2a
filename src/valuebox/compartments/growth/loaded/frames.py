"""Customers and events as the analyses of a growth report take them: in columns, and in groups.

They are read once and held as codes and numbers, about 30 bytes an event, so that millions fit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.labels import Labels
from valuebox.facts.reading import EventColumns
from valuebox.schemas.names import NOBODY, UNKNOWN, shown
from valuebox.statistics.arrays import Codes, Floats, Mask, Moments

_BETWEEN: Final = " · "
"""Between the two names of a group by two things."""


class Groups(NamedTuple):
    """Which group each row belongs to."""

    codes: Codes
    """Positions in `names`, `(n_rows,)`; never negative."""
    names: list[str]

    def counts(self, rows: Mask | None = None) -> NDArray[np.int64]:
        """How many rows, or how many of `rows`, each group has: `(n_groups,)`."""
        codes = self.codes if rows is None else self.codes[rows]
        return np.bincount(codes, minlength=len(self.names))

    def sums(self, values: Floats) -> Floats:
        """Sum of `values` in each group: `(n_groups,)`."""
        return summed(self.codes, values, len(self.names))


@dataclass(frozen=True)
class Customers:
    """Customers, one row each."""

    source: Labels
    """Where the customer was read from: ids are only unique within it."""
    id: NDArray[np.object_]
    created: Moments
    """Time of joining, on the clock of the report; NaT where it is not known."""
    attributes: Mapping[str, Labels]
    """Attributes by name, such as `campaign`, and `source`; missing where a customer lacks one."""

    def __len__(self) -> int:
        return len(self.id)

    def where(self, rows: Mask) -> "Customers":
        """Customers of some rows."""
        return Customers(
            self.source.where(rows),
            self.id[rows],
            self.created[rows],
            {name: values.where(rows) for name, values in self.attributes.items()},
        )

    def without_joining(self, rows: Mask) -> "Customers":
        """The customers, with the time of joining of some rows unknown."""
        created = self.created.copy()
        created[rows] = np.datetime64("NaT")
        return replace(self, created=created)

    def source_of(self, position: int) -> str:
        """Source of the customer in one row."""
        return self.source.names[int(self.source.codes[position])]

    def named(self, position: int) -> dict[str, str]:
        """A customer as answers name them: by `source` and `customer`, their id there."""
        return {"source": self.source_of(position), "customer": str(self.id[position])}

    def groups(self, attribute: str) -> Groups:
        """Customers by an attribute; all unknown where nobody has it."""
        nobody = Labels(np.full(len(self), -1, dtype=np.int32), [])
        return grouped(self.attributes.get(attribute, nobody))


@dataclass(frozen=True)
class Events(EventColumns):
    """Events, one row each, in no order, with times on the clock of the report."""

    def where(self, rows: Mask) -> "Events":
        """Events of some rows."""
        return Events(
            self.customer[rows],
            self.type.where(rows),
            self.time[rows],
            self.amount[rows],
            self.category.where(rows),
            None if self.cost is None else self.cost[rows],
        )


@dataclass(frozen=True)
class Facts:
    """Customers and their events, by column."""

    customers: Customers
    events: Events

    def event_groups(self, attribute: str) -> Groups:
        """Events by an attribute of their customers; those of nobody are a group of their own."""
        codes, names = self.customers.groups(attribute)
        if (self.events.customer < 0).any():
            codes, names = np.append(codes, len(names)), [*names, NOBODY]
        return Groups(codes[self.events.customer], names)

    def per_customer(self, rows: Mask | None = None) -> NDArray[np.int64]:
        """Number of events, or of those among `rows`, of each customer: `(n_customers,)`."""
        own = self.events.customer >= 0
        chosen = self.events.customer[own if rows is None else own & rows]
        return np.bincount(chosen, minlength=len(self.customers))

    def amount_per_customer(self, amounts: Floats) -> Floats:
        """What events brought, summed by customer: `(n_customers,)`."""
        own = self.events.customer >= 0
        return summed(self.events.customer[own], amounts[own], len(self.customers))


def labels(values: Iterable[str | None]) -> Labels:
    """Texts as labels, in the order in which they first come; None is missing."""
    known: dict[str | None, int] = {None: -1}
    codes = [known.setdefault(value, len(known) - 1) for value in values]
    return Labels(np.array(codes, dtype=np.int32), list(known)[1:])  # type: ignore[arg-type]


def as_shown(values: Labels) -> Labels:
    """Facts with texts as names of groups; texts that are the same name become one."""
    named = labels(map(shown, values.names))
    return Labels(np.append(named.codes, np.int32(-1))[values.codes], named.names)


def joined(first: Labels, second: Labels) -> Labels:
    """The rows of both, one after the other; what has the same name is the same."""
    names = list(first.names)
    code = {name: place for place, name in enumerate(names)}
    moved = [code.setdefault(name, len(code)) for name in second.names]
    codes = np.array([*moved, -1], dtype=np.int32)[second.codes]
    return Labels(np.concatenate([first.codes, codes]), list(code))


def grouped(values: Labels) -> Groups:
    """Rows by what they have, alphabetically; those that lack it are `UNKNOWN`, last."""
    codes, names = values.codes, values.names
    used = np.bincount(codes[codes >= 0], minlength=len(names)) > 0
    order = sorted(np.flatnonzero(used).tolist(), key=lambda code: names[code])
    place = np.full(len(names) + 1, len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    missing = bool((codes < 0).any())
    return Groups(place[codes], [names[code] for code in order] + [UNKNOWN] * missing)


def crossed(first: Groups, second: Groups) -> Groups:
    """Rows by two groupings; names are those of `first`, then ` · `, then those of `second`.

    A name that holds a ` · ` itself is quoted.
    """
    width = len(second.names)
    ours, theirs = (
        [f'"{name}"' if _BETWEEN in name else name for name in one.names] for one in (first, second)
    )
    names = [f"{one}{_BETWEEN}{other}" for one in ours for other in theirs]
    return Groups(first.codes * width + second.codes, names)


def summed(positions: NDArray[Any], amounts: Floats, size: int) -> Floats:
    """Sum of the amounts at each position: `(size,)`."""
    # Its type stubs know of counts only.
    sums: Any = np.bincount(positions, amounts, minlength=size)
    return np.asarray(sums, dtype=np.float64)


def month_of(moment: np.datetime64) -> int:
    """The calendar month since 1970-01 of one moment."""
    return int(moment.astype("datetime64[M]").astype(np.int64))


def months(moments: Moments) -> NDArray[np.int64]:
    """Calendar months since 1970-01; the smallest integer for NaT."""
    return moments.astype("datetime64[M]").astype(np.int64)
