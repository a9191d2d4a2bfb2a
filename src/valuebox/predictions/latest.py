"""The newest stored prediction of each of several subjects of a ledger, such as users."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.store.people import chunks


def latest_predictions(session: Session, ledger: Ledger, ids: Sequence[Any]) -> dict[Any, float]:
    """The newest prediction of each of these subjects that has one.

    Args:
        session: Reads.
        ledger: Whose subjects are single columns, such as the ids of users.
        ids: Any number of subjects.

    Returns:
        By subject, in the unit of the ledger.
    """
    (subject,) = ledger.subject
    found: dict[Any, float] = {}
    for chunk in chunks(ids):
        query = ledger.select(subject, ledger.prediction).where(subject.in_(chunk))
        # Of several the last one stays.
        for one, prediction in session.execute(query.order_by(subject, ledger.id)):
            found[one] = prediction
    return found
