"""Where lifetime values were predicted, and what users really spent."""

from typing import Final

from sqlalchemy.orm import Session, join

from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.spread import AmountSpread
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.compartments.ltv.user import FEATURES
from valuebox.features.bins import Bins
from valuebox.predictions.ledger import Column, Ledger, Outcomes, known_features
from valuebox.predictions.sums.models import Note, register
from valuebox.predictions.sums.tables import sum_tables
from valuebox.predictions.words import Words

_OWN: Final = known_features(LtvFeatures.extra)


def _feature(name: str, bins: Bins) -> Column:
    """A column of the table, or of what a model brings besides."""
    return getattr(LtvFeatures, name.lower()) if name in FEATURES else _OWN(name, bins)


LEDGER: Final = Ledger(
    name="ltv",
    source=join(LtvFeatures, LtvPrediction, LtvPrediction.id == LtvFeatures.id),
    ids=(LtvFeatures.id, LtvPrediction.id),
    request_id=LtvFeatures.request_id,
    received_at=LtvFeatures.received_at,
    model=LtvPrediction.model,
    prediction=LtvPrediction.prediction,
    subject=(LtvFeatures.user_id,),
    day=LtvFeatures.join_date,
    segment=LtvFeatures.country_segment,
    outcomes=Outcomes(LtvOutcome, (LtvOutcome.user_id,), (LtvFeatures.user_id,)),
    sums=sum_tables("ltv", LtvFeatures, AmountSpread(), longest_feature=50, has_months=True),
    spread=AmountSpread(),
    feature=_feature,
    words=Words(
        title="Lifetime value",
        rows="users",
        dated="users who joined",
        day="Joined",
        predict="/v1/ltv/predict",
        report="/v1/ltv/outcomes",
        example="valuebox evaluate data/valid.csv",
    ),
)


def note(session: Session, model: LtvModel) -> None:
    """Store what predictions of a model will be summed up and judged by, once."""
    uncertainty = model.uncertainty.model_dump(mode="json")
    register(session, LEDGER, Note(model.tag, model.created_at, model.reference, uncertainty))
