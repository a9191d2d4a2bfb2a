"""Rows of a table into the database, and the account of what has become of each."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

import numpy as np

from valuebox.errors import ValueboxError
from valuebox.facts import repository
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.scanning import begin
from valuebox.store.engine import Store
from valuebox_cli.importing.buyers import BuyersSeen
from valuebox_cli.importing.customers import CustomerTable
from valuebox_cli.importing.events import EventTable, Told
from valuebox_cli.importing.found import Found, Mask

Advance = Callable[[int], None]
"""Told how many more rows are done."""

T = TypeVar("T")
Sums = defaultdict[str, float]

SHOWN: Final = 5
_DOUBLED: Final = "the same id as an earlier row"


class Unbalanced(ValueboxError):
    """Rows have got lost between reading and storing; nothing of that kind should ever happen."""


@dataclass
class Stored:
    """What has become of the rows of a table."""

    found: Found
    counts: Counter[str] = field(default_factory=Counter)
    """Rows that were added, corrected, unchanged, doubled or differing."""
    differing: list[str] = field(default_factory=list)
    """Ids of the first events that were known, and were others."""
    moved: Sums = field(default_factory=lambda: defaultdict(float))
    """Amounts of all rows that can be stored, by currency."""
    lost: Sums = field(default_factory=lambda: defaultdict(float))
    """Amounts of events that are doubled."""
    notes: list[str] = field(default_factory=list)
    """How columns were read."""

    def check(self, rows: int) -> None:
        """Make sure that every row has become something.

        Raises:
            Unbalanced: when not.
        """
        told = self.counts.total() + len(self.found.rejected) + self.found.left_out
        if not rows == self.found.rows == told:
            raise Unbalanced(
                f"{self.found.called}: of {rows:,} rows {self.found.rows:,} were read again, and "
                f"{told:,} accounted for; this is a fault of valuebox"
            )


def store_customers(table: CustomerTable, name: str, store: Store, advance: Advance) -> Stored:
    """Store all customers of a table.

    Args:
        table: It has been read once.
        name: The source that they are known to come from.
        store: Where to.
        advance: Told how far it is.
    """
    done = Stored(table.table.found, notes=table.table.notes)
    for known in ahead(table.customers(name)):
        good, rows = known.batch.rows.good, known.batch.rows
        if (fresh := good & ~known.again).any():
            with store.writing() as session:
                stored = repository.put_customers(session, known.some(fresh))
            told = stored.model_dump(include={"added", "corrected", "unchanged"})
            done.counts.update(told)
        if (again := good & known.again).any():
            with store.writing() as session:
                repository.put_customers(session, known.some(again))
            done.counts["doubled"] += int(again.sum())
            done.found.doubled.add(again, _DOUBLED, known.batch.before)
        advance(rows.count)
    done.check(table.table.total)
    return done


def store_events(
    table: EventTable, name: str, store: Store, advance: Advance, buyers: BuyersSeen | None
) -> Stored:
    """Store all events of a table.

    Args:
        table: It has been read once.
        name: The source that they are known to come from.
        store: Where to.
        advance: Told how far it is.
        buyers: Told of the events too, where customers are known from them.
    """
    done = Stored(table.table.found, notes=table.table.notes)
    for told in ahead(table.events(name)):
        good = told.batch.rows.good
        _sum(done.moved, told, good)
        if (fresh := good & ~told.again).any():
            done.counts["unchanged"] += _put(done, told.some(fresh), store).same
        if (again := good & told.again).any():
            put = _put(done, told.some(again), store)
            done.counts["doubled"] += put.same
            doubled = again.copy()
            doubled[np.flatnonzero(again)[put.differing]] = False
            done.found.doubled.add(doubled, _DOUBLED, told.batch.before)
            _sum(done.lost, told, doubled)
        if buyers:
            buyers.see(told)
        advance(told.batch.rows.count)
    done.check(table.table.total)
    return done


def ahead(batches: Iterator[T]) -> Iterator[T]:
    """Batches, of which the next is made while the database works on the one before."""
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(next, batches, None)
        while (one := waiting.result()) is not None:
            waiting = aside.submit(next, batches, None)
            yield one


class _Put(NamedTuple):
    same: int
    """How many events were there just so."""
    differing: list[int]
    """Positions of events that are stored with other values."""


def _put(done: Stored, events: ArrivingEvents, store: Store) -> _Put:
    with store.writing() as session:
        added, _, differing = repository.add_events(session, events)
    shown = differing[: SHOWN - len(done.differing)]
    done.differing += [events.id[row] for row in shown]
    done.counts.update({"added": added, "differing": len(differing)})
    return _Put(len(events) - added - len(differing), differing)


def _sum(into: Sums, told: Told, rows: Mask) -> None:
    amounts = np.where(rows, np.nan_to_num(told.columns["amount"]), 0.0)
    currencies = told.columns["currency"]
    for currency in set(currencies[amounts != 0].tolist()):
        into[currency or ""] += float(amounts[currencies == currency].sum())


def store_buyers(buyers: BuyersSeen, name: str, store: Store) -> Counter[str]:
    """Store customers who are known from their events, once these are stored."""
    counts: Counter[str] = Counter()
    with store.reading() as session:
        begin(session.connection())
        found = list(buyers.customers(session, name))
    for columns in found:
        with store.writing() as session:
            stored = repository.put_customers(session, columns)
        counts.update(stored.model_dump(include={"received", "added", "corrected", "unchanged"}))
    return counts
