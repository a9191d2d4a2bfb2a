"""How rows of this compartment that have been kept for long enough are found and deleted.

Everything that was received of a user goes with its predictions when it is old. An outcome is
the latest value of a user, so its age alone says little: it goes when it has not changed for as
long and nothing else is left of the user that it could be compared with.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.store.ids import first_id
from valuebox.store.pruning import Pruned, deleted, next_batch


def prune_features(session: Session, before: datetime, after: UUID | None = None) -> Pruned:
    """Delete the first features, with their predictions, that were received before a moment.

    Ids are in order of time: the primary key finds what is old.
    """
    batch = next_batch(session, LtvFeatures.id, first_id(before), after)
    predictions = deleted(session, LtvPrediction, batch.holds(LtvPrediction.features_id))
    features = deleted(session, LtvFeatures, batch.holds(LtvFeatures.id))
    return Pruned({"features": features, "predictions": predictions}, batch.last)


def prune_outcomes(session: Session, before: datetime, after: int | None = None) -> Pruned:
    """Delete, of the next outcomes by user, those that are old and of users without features.

    There is no index by time, and one would not help: what is old and still needed would have to
    be read again every time. The whole table is walked instead, a batch at a time.
    """
    batch = next_batch(session, LtvOutcome.user_id, None, after)
    old = (
        select(LtvOutcome.user_id)
        .where(batch.holds(LtvOutcome.user_id), LtvOutcome.changed_at < before)
        .where(~exists().where(LtvFeatures.user_id == LtvOutcome.user_id))
        # What somebody is changing at this moment is not old; waiting for it could deadlock.
        .with_for_update(skip_locked=True)
    )
    outcomes = deleted(session, LtvOutcome, LtvOutcome.user_id.in_(old))
    return Pruned({"outcomes": outcomes}, batch.last)
