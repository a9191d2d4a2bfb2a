"""Recommend, as the register knows it."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from valuebox.compartments.contract import Compartment, ModelKind, People, Personal, Whose
from valuebox.compartments.lookups import of_request
from valuebox.compartments.recommend.api import RecommendApi
from valuebox.compartments.recommend.brief import brief
from valuebox.compartments.recommend.desk import RecommendDesk
from valuebox.compartments.recommend.model import (
    KIND,
    NEWEST,
    TRAINED_BY,
    RecommendModel,
    card_of,
    load,
)
from valuebox.compartments.recommend.page.page import PAGE
from valuebox.compartments.recommend.repository import note_forgotten
from valuebox.compartments.recommend.tables import (
    Experiment,
    Exposure,
    Forgetting,
    Item,
    Report,
)
from valuebox.facts.sources import leading
from valuebox.predictions.tally import tell_model
from valuebox.store.ids import first_id
from valuebox.store.people import chunks, records
from valuebox.store.pruning import Pruned, deleted, next_batch
from valuebox.worker.expiry import Expiry
from valuebox.worker.repeating import Repeating


def _open(service: Any, model: RecommendModel | None) -> None:
    service.recommend_desk = RecommendDesk(service.store, model)
    if model is not None:
        tell_model(KIND, model.tag, model.created_at)


def _repeating(service: Any) -> tuple[Repeating, ...]:
    found: tuple[Repeating, ...] = service.recommend_desk.repeating()
    return found


def _of(people: People) -> Iterator[ColumnElement[bool]]:
    for chunk in chunks(people.ids):
        yield (Exposure.source == people.source) & Exposure.session.in_(chunk)


def _records(session: Session, people: People) -> Iterator[dict[str, Any]]:
    for condition in _of(people):
        yield from records(session, Exposure, condition, Exposure.id)


def _forget(session: Session, people: People) -> Mapping[str, int]:
    count = sum(deleted(session, Exposure, condition) for condition in _of(people))
    if people.source is not None:
        note_forgotten(session, people.source)
    return {"lists": count}


def _sources(session: Session) -> Collection[str]:
    return leading(session, Item.source)


def _prune(session: Session, before: datetime, after: UUID | None = None) -> Pruned:
    batch = next_batch(session, Exposure.id, first_id(before), after)
    count = deleted(session, Exposure, batch.holds(Exposure.id))
    return Pruned({"lists": count}, batch.last)


COMPARTMENT: Final = Compartment(
    name=KIND,
    question="What should this anonymous visitor see next?",
    endpoints=RecommendApi,
    open=_open,
    repeating=_repeating,
    model=ModelKind(
        *("models__recommend", TRAINED_BY, load, NEWEST),
        card=card_of,
        compare="valuebox_cli.recommend.compare:compare",
    ),
    page=PAGE,
    brief=brief,
    tables=(Item, Exposure, Experiment, Forgetting, Report),
    personal=(Personal(Whose.CUSTOMERS, _records, _forget, _sources),),
    lookups=(of_request(Exposure),),
    expiry=(Expiry(_prune, {"lists": "lists of recommendations"}, {"lists": Exposure}),),
    demo="valuebox_cli.recommend.demo:show",
)
