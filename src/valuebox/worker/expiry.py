"""Old rows are deleted: by whom, when, and one batch after the other."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from typing import Final

from valuebox.store.base import Base
from valuebox.store.engine import Store
from valuebox.store.pruning import Pruned, alone
from valuebox.store.writing import table_of
from valuebox.worker.months import Months
from valuebox.worker.repeating import Repeating

# Others write between two batches; SQLite lets them try again at moments of their own.
PAUSE_SECONDS: Final = 0.05
FIRST_SECONDS: Final = 5.0
EVERY_SECONDS: Final = 3_600.0

_log = logging.getLogger("valuebox")


@dataclass(frozen=True)
class Expiry:
    """How rows of some tables are deleted when they are old, a batch at a time."""

    prune: Callable[..., Pruned]
    """Function of a session, `before` when rows are old, and `after` which row the batch begins."""
    names: Mapping[str, str]
    """What people call the rows that a batch counts."""
    by_month: Mapping[str, type[Base]] = field(default_factory=dict)
    """Tables that PostgreSQL may keep in a partition for each month, by what a batch counts their
    rows as, in the order of writing. Of each `id` is the key, made by `store.ids`, and nothing else
    is unique; `prune` goes by it. Keys of other tables that point to them do so from few rows."""


@dataclass(frozen=True)
class Pruning:
    """How long rows are kept, and how older ones are deleted."""

    store: Store
    keep: timedelta | None
    """How long rows of `kinds` are kept; None keeps them for ever."""
    kinds: Sequence[Expiry]
    claims: Expiry
    """Keys of requests, which expire by themselves; takes no `before`."""

    def prune(self, stop: Event, patient: bool) -> Counter[str]:
        """Delete what is too old, in transactions of at most about `BATCH` rows a table.

        Before, tables in partitions get those of the months to come, and lose those that are old.

        Args:
            stop: Ends it after the batch under way, which is committed as a whole.
            patient: Whether to wait while another process prunes the same PostgreSQL, or to
                leave the rest to it.

        Returns:
            How many rows were deleted, by what they are, claims of keys included.
        """
        total: Counter[str] = Counter()
        for kind in self.kinds:
            self._months(kind, stop, patient).make_ahead()
        for kind, before in self._due():
            step = kind.prune
            if before is not None:
                dropped, is_done = self._months(kind, stop, patient).drop_old(before)
                total.update(dropped)
                if not is_done:
                    # Row by row that would take far longer than to wait for the next time.
                    continue
                step = partial(kind.prune, before=before)
            after = None
            while not stop.is_set():
                with self.store.writing() as session:
                    if not alone(session, patient):
                        return total
                    batch = step(session, after=after)
                total.update(batch.deleted)
                after = batch.last
                if after is None:
                    break
                if any(batch.deleted.values()):
                    stop.wait(PAUSE_SECONDS)
        return total

    def describe(self, pruned: Counter[str]) -> str:
        """The counts of what was deleted, for people."""
        names = [item for kind in (*self.kinds, self.claims) for item in kind.names.items()]
        return ", ".join(f"{pruned[count]} {name}" for count, name in names)

    def _due(self) -> Iterator[tuple[Expiry, datetime | None]]:
        if self.keep is not None:
            before = datetime.now(UTC) - self.keep
            for kind in self.kinds:
                yield kind, before
        yield self.claims, None

    def _months(self, kind: Expiry, stop: Event, patient: bool) -> Months:
        tables = {count: table_of(table).name for count, table in kind.by_month.items()}
        return Months(self.store, tables, stop, patient)


def pruner(pruning: Pruning) -> Repeating:
    """What prunes soon after the start of a worker, and then once an hour."""

    def prune(stop: Event) -> None:
        pruned = pruning.prune(stop, patient=False)
        if pruned.total():
            _log.info("old rows deleted: %s", pruning.describe(pruned))

    failed = "old rows could not be deleted; tried again until they can"
    return Repeating("pruner", prune, FIRST_SECONDS, EVERY_SECONDS, failed)
