"""How rows of this compartment that have been kept for long enough are found and deleted.

Everything that was received of a user goes with its predictions when it is old. An outcome is
the latest value of a user, so its age alone says little: it goes when it has not changed for as
long and nothing else is left of the user that it could be compared with.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.store.pruning import Pruned, prune_received, prune_unneeded


def prune_features(session: Session, before: datetime, after: UUID | None = None) -> Pruned:
    """Delete the first features, with their predictions, that were received before a moment."""
    names = ("features", "predictions")
    pointing = LtvPrediction.id
    return prune_received(session, LtvFeatures.id, pointing, names, before, after)


def prune_outcomes(session: Session, before: datetime, after: int | None = None) -> Pruned:
    """Delete, of the next outcomes by user, those that are old and of users without features."""
    key, needing = LtvOutcome.user_id, LtvFeatures.user_id
    return prune_unneeded(session, key, needing, "outcomes", before, after)
