"""Lifetime value, as the register knows it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.orm import Session

from valuebox.compartments.contract import Compartment, ModelKind, People, Personal, Whose
from valuebox.compartments.ltv.api import LtvApi
from valuebox.compartments.ltv.bulk import MAX_ROWS, UserTable
from valuebox.compartments.ltv.card import card_of
from valuebox.compartments.ltv.counting import UserTally
from valuebox.compartments.ltv.expiry import prune_features, prune_outcomes
from valuebox.compartments.ltv.frames import predict_frame
from valuebox.compartments.ltv.ledger import LEDGER, note
from valuebox.compartments.ltv.model import NEWEST, TRAINED_BY, LtvModel
from valuebox.compartments.ltv.privacy import forget_users, records_of_users
from valuebox.compartments.ltv.schemas import MAX_ROWS as MAX_USERS
from valuebox.compartments.ltv.schemas import Users
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.compartments.ltv.user import USERS
from valuebox.predictions.monitoring.results import MonitorResult
from valuebox.serving.endpoint import retype
from valuebox.store.unchecked_keys import UncheckedKey
from valuebox.worker.expiry import Expiry


def _open(service: Any, model: LtvModel | None) -> None:
    service.ltv = model
    service.tally = UserTally(model) if model else None
    shape = model.shape if model else USERS
    retype("/v1/ltv/predict", shape.by_row(Users, MAX_USERS, MAX_ROWS))
    retype("/v1/ltv/predict/bulk", shape.by_column(UserTable, MAX_ROWS))


def _records(session: Session, people: People) -> Iterator[dict[str, Any]]:
    return records_of_users(session, [int(one) for one in people.ids])


def _forget(session: Session, people: People) -> Mapping[str, int]:
    return forget_users(session, [int(one) for one in people.ids])


def _published() -> Mapping[str, type[BaseModel]]:
    return {"monitor-result.schema.json": MonitorResult}


COMPARTMENT: Final = Compartment(
    name="ltv",
    question="What will this user spend in a bit more than two months?",
    endpoints=LtvApi,
    open=_open,
    model=ModelKind(
        *("model", TRAINED_BY, LtvModel.load, NEWEST),
        note=note,
        predict_frame=predict_frame,
        card=card_of,
        compare="valuebox_cli.ltv.compare:compare",
    ),
    tables=(LtvFeatures, LtvPrediction, LtvOutcome),
    ledger=LEDGER,
    former_metrics="valuebox_ltv_",
    personal=(Personal(Whose.USERS, _records, _forget),),
    expiry=(
        # Features first: an outcome stays for as long as there are any.
        Expiry(
            prune_features,
            {"features": "features", "predictions": "predictions"},
            {"features": LtvFeatures, "predictions": LtvPrediction},
        ),
        Expiry(prune_outcomes, {"outcomes": "outcomes"}),
    ),
    unchecked_keys=(
        UncheckedKey(LtvPrediction.id, LtvFeatures.id),
        UncheckedKey(LtvFeatures.id, LtvPrediction.id),
    ),
    published=_published,
    demo="valuebox_cli.ltv.demo:show",
)
