"""What the churn model said of customers, and who did buy."""

from typing import ClassVar, Final

from sqlalchemy import ColumnElement, or_

from valuebox.compartments.api import CustomerOutcome, CustomerPrediction, Event, Kept


class ChurnPrediction(CustomerPrediction):
    """How likely a customer is to buy within a period."""

    __tablename__ = "churn_predictions"


class ChurnOutcome(CustomerOutcome):
    """Whether they have."""

    __tablename__ = "churn_outcomes"
    predictions: ClassVar = ChurnPrediction


def bought(type_: str) -> ColumnElement[bool]:
    """Whether an event is a purchase; with a negative amount it is a refund."""
    return (Event.type == type_) & or_(Event.amount.is_(None), Event.amount >= 0)


KEPT: Final = Kept("churn", ChurnPrediction, ChurnOutcome, bought, "churn predictions")
