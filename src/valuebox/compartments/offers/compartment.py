"""Offers, as the register knows them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.orm import Session

from valuebox.compartments.contract import Compartment, ModelKind, People, Personal, Whose
from valuebox.compartments.lookups import of_request
from valuebox.compartments.offers.api import OffersApi
from valuebox.compartments.offers.brief import brief
from valuebox.compartments.offers.counting import expect_decisions
from valuebox.compartments.offers.desk import OffersDesk
from valuebox.compartments.offers.ledger import LEDGER, note
from valuebox.compartments.offers.model import KIND, NEWEST, TRAINED_BY, OffersModel, load
from valuebox.compartments.offers.page.page import PAGE
from valuebox.compartments.offers.promoting import promoted
from valuebox.compartments.offers.rules import Rules
from valuebox.compartments.offers.tables import (
    OfferDecision,
    OfferOutcome,
    OfferPrediction,
    OfferPromotion,
)
from valuebox.predictions.monitoring.keeping import unname
from valuebox.predictions.sums.forgetting import Forgetting
from valuebox.settings import load_settings
from valuebox.store.ids import first_id
from valuebox.store.people import chunks, records
from valuebox.store.pruning import Pruned, deleted, next_batch
from valuebox.worker.expiry import Expiry


def _open(service: Any, model: OffersModel | None) -> None:
    expect_decisions()
    service.offers_desk = OffersDesk(model, load)
    service.offers_rules = Rules.of(load_settings())


def _reads_newest(session: Session) -> bool:
    return promoted(session.connection()) is not None


def _of(people: People) -> Iterator[ColumnElement[bool]]:
    for chunk in chunks(people.ids):
        yield (OfferDecision.source == literal(people.source)) & OfferDecision.customer.in_(chunk)


def _records(session: Session, people: People) -> Iterator[dict[str, Any]]:
    for condition in _of(people):
        yield from records(session, OfferDecision, condition, OfferDecision.id)
        theirs = select(OfferDecision.id).where(condition)
        for table in (OfferPrediction, OfferOutcome):
            yield from records(session, table, table.id.in_(theirs), table.id)


def _forget(session: Session, people: People) -> Mapping[str, int]:
    count, forgetting = 0, Forgetting(session, LEDGER)
    for condition in _of(people):
        theirs = select(OfferDecision.id).where(condition)
        forgetting.take_out(OfferPrediction.id.in_(theirs))
        count += deleted(session, OfferDecision, condition)
    forgetting.finish()
    unname(session, LEDGER, forgetting.cohorts)
    return {"decisions": count}


def _prune(session: Session, before: datetime, after: UUID | None = None) -> Pruned:
    batch = next_batch(session, OfferDecision.id, first_id(before), after)
    count = deleted(session, OfferDecision, batch.holds(OfferDecision.id))
    return Pruned({"decisions": count}, batch.last)


COMPARTMENT: Final = Compartment(
    name=KIND,
    question="Which offer should this player see now?",
    endpoints=OffersApi,
    open=_open,
    model=ModelKind(
        *("models__offers", TRAINED_BY, load, NEWEST),
        note=note,
        compare="valuebox_cli.offers.compare:compare",
    ),
    tables=(OfferDecision, OfferPrediction, OfferOutcome, OfferPromotion),
    ledger=LEDGER,
    reads_newest=_reads_newest,
    page=PAGE,
    brief=brief,
    personal=(Personal(Whose.CUSTOMERS, _records, _forget),),
    lookups=(of_request(OfferDecision, OfferOutcome),),
    expiry=(Expiry(_prune, {"decisions": "decisions about offers"}),),
    demo="valuebox_cli.offers.demo:show",
)
