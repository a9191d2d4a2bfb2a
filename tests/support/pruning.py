"""Old rows of every compartment, deleted as the service does."""

from datetime import timedelta

from valuebox.compartments.register import expiry
from valuebox.serving.replays import Replays
from valuebox.store.engine import Store
from valuebox.worker.expiry import Pruning


def pruning(store: Store, keep: timedelta | None, claims: timedelta) -> Pruning:
    """What deletes rows that are older than `keep`, and keys of requests after `claims`."""
    return Pruning(store, keep, expiry(), Replays(claims).expiry)
