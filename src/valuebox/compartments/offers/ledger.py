"""Where it was foretold that offers are bought, and which of them were."""

from typing import Final

from sqlalchemy.orm import Session, join

from valuebox.compartments.offers.model import KIND, OffersModel
from valuebox.compartments.offers.settling import settle
from valuebox.compartments.offers.tables import OfferDecision, OfferOutcome, OfferPrediction
from valuebox.features.bins import SHARE_EDGES, Reference
from valuebox.predictions.ledger import Ledger, Outcomes, known_features
from valuebox.predictions.share_spread import ShareSpread
from valuebox.predictions.sums.models import Note, register
from valuebox.predictions.sums.tables import sum_tables
from valuebox.predictions.words import Words

REFERENCE: Final = "reference"
"""Where the metadata of a model has its `Reference`."""
_SAID: Final = OfferPrediction
_SPREAD: Final = ShareSpread(_SAID.prediction)


LEDGER: Final = Ledger(
    name=KIND,
    source=_SAID,
    ids=(_SAID.id,),
    request_id=_SAID.id,
    received_at=_SAID.decided_at,
    model=_SAID.model,
    prediction=_SAID.prediction,
    # A session has one decision.
    subject=(_SAID.id,),
    day=_SAID.at,
    segment=_SAID.offer_type,
    outcomes=Outcomes(OfferOutcome, (OfferOutcome.id,), (_SAID.id,), settle),
    sums=sum_tables(KIND, _SAID, _SPREAD),
    spread=_SPREAD,
    feature=known_features(OfferDecision.features),
    people=(_SAID.source, _SAID.customer),
    features_source=join(_SAID, OfferDecision, OfferDecision.id == _SAID.id),
    edges=SHARE_EDGES,
    is_share=True,
    words=Words(
        title="Offers",
        rows="offers",
        dated="offers that were chosen",
        day="Chosen",
        predict="/v1/offers/decide",
        example="valuebox offers learn",
    ),
)


def note(session: Session, model: OffersModel) -> None:
    """Store what predictions of a model will be summed up and judged by, once."""
    told = model.metadata.get(REFERENCE)
    reference = None if told is None else Reference.model_validate(told)
    register(session, LEDGER, Note(model.tag, model.created_at, reference, {}))
