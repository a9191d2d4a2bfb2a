"""What is stored of single users: handed out, or deleted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.predictions.monitoring.keeping import unname
from valuebox.predictions.sums.forgetting import Forgetting
from valuebox.store.people import chunks, records
from valuebox.store.pruning import deleted


def forget_users(session: Session, user_ids: Sequence[int]) -> Mapping[str, int]:
    """Delete every row of some users, and say how many: what was received, predicted, came true.

    The sums are then those over everybody else, as far as rows of these users were still stored.
    Keys of requests hold nothing of them; a request with deleted rows is not answered again.
    """
    predictions = features = outcomes = 0
    forgetting = Forgetting(session, LEDGER)
    for chunk in chunks(user_ids):
        of_users = LtvFeatures.user_id.in_(chunk)
        rows = select(LtvFeatures.id).where(of_users)
        forgetting.take_out(of_users)
        predictions += deleted(session, LtvPrediction, LtvPrediction.id.in_(rows))
        features += deleted(session, LtvFeatures, of_users)
        outcomes += deleted(session, LtvOutcome, LtvOutcome.user_id.in_(chunk))
    forgetting.finish()
    unname(session, LEDGER, forgetting.cohorts)
    return {"features": features, "predictions": predictions, "outcomes": outcomes}


def records_of_users(session: Session, user_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Every row of some users as plain values, oldest first within a table.

    Yields:
        `{"table": name, ...columns}`, for one row after the other.
    """
    for chunk in chunks(user_ids):
        of_users = LtvFeatures.user_id.in_(chunk)
        yield from records(session, LtvFeatures, of_users, LtvFeatures.id)
        of_rows = LtvPrediction.id.in_(select(LtvFeatures.id).where(of_users))
        yield from records(session, LtvPrediction, of_rows, LtvPrediction.id)
        outcomes = LtvOutcome.user_id.in_(chunk)
        yield from records(session, LtvOutcome, outcomes, LtvOutcome.user_id)
