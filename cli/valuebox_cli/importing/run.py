"""An import from its beginning to its end: read, store, look at what has come of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from valuebox.facts import repository
from valuebox.facts.consistency import LooseEnds, loose_ends
from valuebox.facts.scanning import begin
from valuebox.store.engine import Store
from valuebox_cli.importing.mapping import Mapping
from valuebox_cli.importing.rows import Found, customers, events
from valuebox_cli.importing.sources import Source

_SHOWN = 5


@dataclass
class Imported:
    """What an import has done."""

    name: str
    """The source that customers and events are known to come from."""
    customers: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    of_customers: Found = field(default_factory=Found)
    of_events: Found = field(default_factory=Found)
    differing: list[str] = field(default_factory=list)
    """Ids of the first events that were known, and were others."""
    loose: LooseEnds | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything that was read is stored."""
        refused = self.of_customers.refused or self.of_events.refused
        return not refused and not self.events["differing"]


def run(
    source: Source, mapping: Mapping, name: str, store: Store, advance: Callable[[int], None]
) -> Imported:
    """Import everything that a mapping names, in transactions of a batch each.

    What is stored already is not stored again: after an interruption, run it once more.

    Args:
        source: Where to read.
        mapping: What its columns mean.
        name: What customers and events are known to come from.
        store: Where to.
        advance: Called with the number of rows that are done.

    Raises:
        BadSource: when the source cannot be read to its end.
    """
    done = Imported(name)
    store.expect_many_rows()
    if mapping.customers:
        some = customers(source, mapping, mapping.customers, name, done.of_customers)
        for columns in some:
            if len(columns):
                with store.writing() as session:
                    stored = repository.put_customers(session, columns)
                done.customers.update(stored.model_dump(exclude={"doubled_rows"}))
            advance(len(columns))
    if mapping.events:
        for batch in events(source, mapping, mapping.events, name, done.of_events):
            if len(batch):
                with store.writing() as session:
                    told = repository.put_events(session, batch)
                rows = told.differing_rows[: _SHOWN - len(done.differing)]
                done.differing += [batch.id[row] for row in rows]
                done.events.update(told.model_dump(exclude={"differing_rows", "doubled_rows"}))
            advance(len(batch))
    with store.reading() as session:
        begin(session.connection())
        done.loose = loose_ends(session, name)
    return done
