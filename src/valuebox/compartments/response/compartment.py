"""The response model, as the register knows it."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from valuebox.compartments.contract import Compartment, ModelKind
from valuebox.compartments.customers.kept import KeptRows
from valuebox.compartments.response.api import ResponseApi
from valuebox.compartments.response.card import card_of
from valuebox.compartments.response.kind import NEWEST, TRAINED_BY
from valuebox.compartments.response.ledger import LEDGER, note, segment_name
from valuebox.compartments.response.model import Predictor, load
from valuebox.compartments.response.settling import NAME
from valuebox.compartments.response.tables import (
    ResponseFeatures,
    ResponseOutcome,
    ResponsePrediction,
)
from valuebox.predictions.tally import Tally


def _open(service: Any, model: Predictor | None) -> None:
    service.responses = model
    if model is not None:
        segments = [segment_name(cell) for cell in model.cells]
        service.response_tally = Tally(NAME, model.tag, model.created_at, segments)


def _published() -> Mapping[str, type[BaseModel]]:
    from valuebox.compartments.response.judging import ResponseReport

    return {"response-report.schema.json": ResponseReport}


_KEPT: Final = KeptRows(
    LEDGER,
    ResponsePrediction,
    (ResponseFeatures, ResponseOutcome),
    rows="predicted responses",
    expired="responses",
)
COMPARTMENT: Final = Compartment(
    name=NAME,
    question="Who will buy, like or share next?",
    endpoints=ResponseApi,
    open=_open,
    model=ModelKind(
        *("response_model", TRAINED_BY, load, NEWEST),
        note=note,
        card=card_of,
        compare="valuebox_cli.response.compare:compare",
    ),
    tables=(ResponsePrediction, ResponseFeatures, ResponseOutcome),
    ledger=LEDGER,
    personal=(_KEPT.personal,),
    expiry=(_KEPT.expiry,),
    published=_published,
    demo="valuebox_cli.response.demo:show",
)
