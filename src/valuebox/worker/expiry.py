"""Old rows are deleted: by whom, when, and one batch after the other."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from typing import Final

from valuebox.compartments.ltv.expiry import prune_features, prune_outcomes
from valuebox.compartments.response.repository import prune_responses
from valuebox.facts.expiry import prune_customers, prune_events
from valuebox.serving.replays import Replays
from valuebox.settings import Settings
from valuebox.store.engine import Store
from valuebox.store.pruning import Pruned, alone
from valuebox.worker.repeating import Repeating

# Others write between two batches; SQLite lets them try again at moments of their own.
PAUSE_SECONDS: Final = 0.05
FIRST_SECONDS: Final = 5.0
EVERY_SECONDS: Final = 3_600.0

_log = logging.getLogger("valuebox")


@dataclass(frozen=True)
class Retention:
    """For how long rows are kept, and how those that are older are deleted."""

    store: Store
    replays: Replays
    keep: timedelta | None
    """Everything but claims of keys; None keeps it for ever."""

    @classmethod
    def of(cls, settings: Settings, store: Store, replays: Replays) -> "Retention":
        """As the settings want it."""
        days = settings.retention_days
        return cls(store, replays, None if days is None else timedelta(days=days))

    def prune(self, stop: Event, patient: bool) -> Counter[str]:
        """Delete what is too old, in transactions of at most about `BATCH` rows a table.

        Args:
            stop: Ends it after the batch under way, which is committed as a whole.
            patient: Whether to wait while another process prunes the same PostgreSQL, or to
                leave the rest to it.

        Returns:
            How many rows were deleted, by what they are, claims of keys included.
        """
        total: Counter[str] = Counter()
        for step in self._steps():
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

    def _steps(self) -> Iterator[Callable[..., Pruned]]:
        if self.keep is not None:
            before = datetime.now(UTC) - self.keep
            # Features first: an outcome stays for as long as there are any.
            yield partial(prune_features, before=before)
            yield partial(prune_outcomes, before=before)
            yield partial(prune_responses, before=before)
            # Events first: a customer stays for as long as there are any.
            yield partial(prune_events, before=before)
            yield partial(prune_customers, before=before)
        yield self.replays.prune


def pruner(retention: Retention) -> Repeating:
    """What prunes soon after the start of a worker, and then once an hour."""

    def prune(stop: Event) -> None:
        pruned = retention.prune(stop, patient=False)
        if pruned.total():
            _log.info("old rows deleted: %s", describe(pruned))

    failed = "old rows could not be deleted; next try in an hour"
    return Repeating("pruner", prune, FIRST_SECONDS, EVERY_SECONDS, failed)


def describe(pruned: Counter[str]) -> str:
    """The counts of what was deleted, for people."""
    return (
        f"{pruned['features']} features, {pruned['predictions']} predictions, "
        f"{pruned['outcomes']} outcomes, {pruned['responses']} predicted responses, "
        f"{pruned['events']} events, "
        f"{pruned['customers']} customers, {pruned['claims']} expired keys"
    )
