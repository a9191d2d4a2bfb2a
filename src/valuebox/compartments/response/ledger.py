"""Where responses were predicted, and which of them came."""

from typing import Final

from sqlalchemy import case, func
from sqlalchemy.orm import Session, join

from valuebox.compartments.response.features import Cell
from valuebox.compartments.response.model import Predictor, ResponseModel
from valuebox.compartments.response.settling import NAME, note_category, settle
from valuebox.compartments.response.tables import (
    ResponseFeatures,
    ResponseOutcome,
    ResponsePrediction,
)
from valuebox.features.bins import SHARE_EDGES
from valuebox.predictions.ledger import Ledger, Outcomes, known_features
from valuebox.predictions.share_spread import ShareSpread
from valuebox.predictions.sums.days import day_of
from valuebox.predictions.sums.models import Note, register
from valuebox.predictions.sums.tables import sum_tables
from valuebox.predictions.words import Words
from valuebox.schemas.names import MAX_SEGMENT

_SAID: Final = ResponsePrediction
_SPREAD: Final = ShareSpread(_SAID.probability)


def segment_name(cell: Cell) -> str:
    """What the predictions of a cell go by: "purchase", or "purchase: books" in a category."""
    name = cell.response if cell.category is None else f"{cell.response}: {cell.category}"
    return name[:MAX_SEGMENT]


LEDGER: Final = Ledger(
    name=NAME,
    source=_SAID,
    ids=(_SAID.id,),
    request_id=_SAID.request_id,
    received_at=_SAID.predicted_at,
    model=_SAID.model,
    prediction=_SAID.probability,
    # Who is asked about again and again on a day counts once.
    subject=(
        _SAID.source,
        _SAID.customer,
        _SAID.response,
        # A category may be called by nothing, which is not the same as none.
        func.coalesce("=" + _SAID.category, ""),
        day_of(_SAID.starts_at),
    ),
    day=_SAID.starts_at,
    segment=func.substr(
        case(
            (_SAID.category.is_(None), _SAID.response), else_=_SAID.response + ": " + _SAID.category
        ),
        1,
        MAX_SEGMENT,
    ),
    outcomes=Outcomes(ResponseOutcome, (ResponseOutcome.id,), (_SAID.id,), settle),
    sums=sum_tables(NAME, _SAID, _SPREAD, has_months=True),
    spread=_SPREAD,
    feature=known_features(ResponseFeatures.known),
    features_source=join(_SAID, ResponseFeatures, ResponseFeatures.id == _SAID.id),
    edges=SHARE_EDGES,
    is_share=True,
    people=(_SAID.source, _SAID.customer),
    words=Words(
        title="Response",
        rows="predictions",
        dated="predictions for periods that began",
        day="Period began",
        predict="/v1/growth/response",
    ),
)


def note(session: Session, model: Predictor) -> None:
    """Store what predictions of a model will be summed up and judged by, once."""
    note_category(session, model)
    moves: dict[str, float] = {}
    if isinstance(model, ResponseModel):
        moves = dict(zip(map(segment_name, model.cells), model.moves, strict=True))
    register(session, LEDGER, Note(model.tag, model.created_at, model.reference, {"moves": moves}))
