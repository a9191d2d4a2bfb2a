"""What is stored of single users: handed out, or deleted."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.predictions.monitoring.keeping import unname
from valuebox.predictions.sums.forgetting import Forgetting
from valuebox.store.people import chunks, records
from valuebox.store.pruning import deleted


class Forgotten(NamedTuple):
    """How many rows were deleted."""

    features: int
    predictions: int
    outcomes: int


def forget_users(session: Session, user_ids: Sequence[int]) -> Forgotten:
    """Delete every row of some users: what was received, what was predicted, what came true.

    The sums are then those over everybody else, as far as rows of these users were still stored.
    Keys of requests hold nothing of them; a request with deleted rows is not answered again.
    """
    predictions = features = outcomes = 0
    forgetting = Forgetting(session, LEDGER)
    for chunk in chunks(user_ids):
        of_users = LtvFeatures.user_id.in_(chunk)
        rows = select(LtvFeatures.id).where(of_users)
        forgetting.take_out(of_users)
        predictions += deleted(session, LtvPrediction, LtvPrediction.features_id.in_(rows))
        features += deleted(session, LtvFeatures, of_users)
        outcomes += deleted(session, LtvOutcome, LtvOutcome.user_id.in_(chunk))
    forgetting.finish()
    unname(session, LEDGER, forgetting.cohorts)
    return Forgotten(features, predictions, outcomes)


def records_of_users(session: Session, user_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Every row of some users as plain values, oldest first within a table.

    Yields:
        `{"table": name, ...columns}`, for one row after the other.
    """
    for chunk in chunks(user_ids):
        of_users = LtvFeatures.user_id.in_(chunk)
        rows = select(LtvFeatures.id).where(of_users)
        yield from records(session, LtvFeatures, of_users, LtvFeatures.id)
        made_of_rows = LtvPrediction.features_id.in_(rows)
        yield from records(session, LtvPrediction, made_of_rows, LtvPrediction.id)
        outcomes = LtvOutcome.user_id.in_(chunk)
        yield from records(session, LtvOutcome, outcomes, LtvOutcome.user_id)
