"""An import from its beginning to its end: read, decide, store, look at what has come of it."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol

from valuebox.facts.scanning import begin
from valuebox.store.engine import Store
from valuebox_cli.importing.buyers import BuyersSeen
from valuebox_cli.importing.consistency import LooseEnds, loose_ends
from valuebox_cli.importing.customers import CustomerTable
from valuebox_cli.importing.events import EventTable
from valuebox_cli.importing.mapping import Buyers, CustomerRows, EventRows, Mapping
from valuebox_cli.importing.opened import BadSource, Source
from valuebox_cli.importing.storing import Stored, store_buyers, store_customers, store_events


@dataclass
class Imported:
    """What an import has done."""

    name: str
    """The source that customers and events are known to come from."""
    customers: list[Stored] = field(default_factory=list)
    events: list[Stored] = field(default_factory=list)
    from_events: Counter[str] | None = None
    """What has become of customers who are known from their events alone."""
    loose: LooseEnds | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything that was read is stored."""
        both = self.customers + self.events
        return not any(one.found.rejected or one.counts["differing"] for one in both)


class Progress(Protocol):
    """Told how far an import is."""

    def begin(self, what: str, rows: int | None) -> None:
        """Another part begins, of so many rows if that is known."""
        ...

    def advance(self, rows: int) -> None:
        """So many more rows are done."""
        ...


def run(source: Source, mapping: Mapping, name: str, store: Store, progress: Progress) -> Imported:
    """Import everything that a mapping names, in transactions of a batch each.

    All tables are read once before anything is stored: what cannot be understood is refused as a
    whole. What is stored already is not stored again: after an interruption, run it once more.

    Args:
        source: Where to read.
        mapping: What its columns mean.
        name: What customers and events are known to come from.
        store: Where to.
        progress: Told how far it is.

    Raises:
        ValueboxError: when the source cannot be read to its end, or a column in several ways.
    """
    done = Imported(name)
    with ExitStack() as open_until_done:
        tables = _Tables(source, mapping, open_until_done)
        tables.first_reading(progress)
        store.expect_many_rows()
        tables.store(done, store, progress)
    with store.reading() as session:
        begin(session.connection())
        done.loose = loose_ends(session, name)
    return done


class _Tables:
    """All tables that a mapping names."""

    def __init__(self, source: Source, mapping: Mapping, open_until_done: ExitStack):
        self._customers: CustomerTable | None = None
        if isinstance(mapping.customers, CustomerRows):
            self._customers = CustomerTable(source, mapping.customers, mapping)
            open_until_done.callback(self._customers.table.close)
        self._events: list[EventTable] = []
        for rows in mapping.events or ():
            self._events.append(EventTable(source, rows, mapping))
            open_until_done.callback(self._events[-1].table.close)
        self._buyers: BuyersSeen | None = None
        if isinstance(mapping.customers, Buyers):
            self._buyers = BuyersSeen(mapping.customers, self._events)

    def first_reading(self, progress: Progress) -> None:
        """Read everything, and refuse what cannot be understood."""
        of_events = [one.table for one in self._events]
        for table in [self._customers.table, *of_events] if self._customers else of_events:
            progress.begin(f"reading {table.found.called}", None)
            table.first_reading(progress.advance)
        _check_apart(self._events)
        if self._buyers:
            self._buyers.check(self._events)

    def store(self, done: Imported, store: Store, progress: Progress) -> None:
        """Store everything."""
        if customers := self._customers:
            progress.begin(f"storing {customers.table.found.called}", customers.table.total)
            done.customers.append(store_customers(customers, done.name, store, progress.advance))
        for one in self._events:
            progress.begin(f"storing {one.table.found.called}", one.table.total)
            done.events.append(store_events(one, done.name, store, progress.advance, self._buyers))
        if self._buyers:
            done.from_events = store_buyers(self._buyers, done.name, store)


def _check_apart(tables: list[EventTable]) -> None:
    """Refuse tables of which different rows would have the same id.

    Raises:
        BadSource: naming the tables.
    """
    for at, one in enumerate(tables):
        for other in tables[at + 1 :]:
            rows, others = one.rows, other.rows
            if _place(rows) == _place(others) or rows.prefix != others.prefix:
                continue
            if common := one.table.repeated.in_common(other.table.repeated):
                raise BadSource(
                    f"{rows.called} and {others.called} have {common:,} ids in common, and events "
                    "of a source have one of their own: say in one of them what stands before "
                    f'its ids, such as prefix = "{others.called}-"'
                )


def _place(rows: EventRows) -> tuple[str | None, str | None]:
    return rows.table, rows.query
