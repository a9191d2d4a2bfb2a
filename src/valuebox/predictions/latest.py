"""What was last predicted of users."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.store.people import chunks


def latest_predictions(session: Session, user_ids: Sequence[int]) -> dict[int, float]:
    """The newest prediction of each of these users who has one.

    Args:
        session: Reads.
        user_ids: Any number of them.

    Returns:
        By user id, in the currency of `STV`.
    """
    found: dict[int, float] = {}
    for chunk in chunks(user_ids):
        query = (
            select(LtvFeatures.user_id, LtvPrediction.prediction)
            .join(LtvPrediction, LtvPrediction.features_id == LtvFeatures.id)
            .where(LtvFeatures.user_id.in_(chunk))
            .order_by(LtvFeatures.user_id, LtvFeatures.id, LtvPrediction.id)
        )
        # Of several the last one stays.
        for user_id, prediction in session.execute(query):
            found[user_id] = prediction
    return found
