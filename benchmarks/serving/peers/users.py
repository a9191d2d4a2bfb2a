"""What is sent and answered, as a pydantic user would write it."""

from datetime import datetime

from pydantic import BaseModel


class User(BaseModel):
    """A user after four days."""

    user_id: int
    join_date: datetime
    hidden: int | None = None
    STV: float | None = None
    credit_card_level: str | None = None
    is_lp: int | None = None
    aff_type: str | None = None
    is_cancelled: int | None = None
    country_segment: str | None = None


class Prediction(BaseModel):
    """What the model says of a user."""

    user_id: int
    prediction: float
    lower: float
    upper: float
    model: str
    prediction_id: str
