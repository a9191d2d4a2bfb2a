"""Which predicted responses came true: those of which there is an event within their period."""

from datetime import datetime
from typing import Final

from sqlalchemy import or_
from sqlalchemy.orm import Session

from valuebox.compartments.response.model import Predictor
from valuebox.compartments.response.tables import ResponseOutcome, ResponsePrediction
from valuebox.facts.naming import name_in
from valuebox.facts.tables import Event
from valuebox.predictions import periods, settling
from valuebox.predictions.judging import Case, Condition, Judging

NAME: Final = "response"


def settle(session: Session, until: datetime) -> int:
    """Write which predictions have come true, and correct it by later events; see `settling`.

    Args:
        session: Of a transaction, in which a batch is written.
        until: Now, or an earlier moment that is looked back at.

    Returns:
        How many rows were written; where none were, there is nothing to do.
    """
    return settling.settle(session, until, _JUDGING)


def note_category(session: Session, model: Predictor) -> None:
    """Have predictions judged, too, that an older version has stored without saying how."""
    periods.complete_periods(session, NAME, model.tag, model.category)


def _condition(session: Session, category: str | None) -> Condition:
    said = ResponsePrediction
    # What takes money back is a refund: the model has learned that it is no response.
    counts = or_(Event.amount.is_(None), Event.amount >= 0)
    in_any = Case(said.category.is_(None), (said.response,), (Event.type,))
    if category is None:
        return Condition(counts, (in_any,))
    named = name_in(session, Event.properties, category)
    in_one = Case(said.category.is_not(None), (said.response, said.category), (Event.type, named))
    return Condition(counts, (in_any, in_one))


_JUDGING: Final = Judging(NAME, ResponsePrediction, ResponseOutcome, _condition)
