"""Declared features of events, as one of the compartments that the register lists."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.orm import Session

from valuebox.compartments.contract import Compartment, People, Personal, Whose
from valuebox.compartments.features.brief import brief
from valuebox.compartments.features.monitoring import WATCHED
from valuebox.compartments.features.page import PAGE
from valuebox.compartments.features.tables import FeatureMonitorResult
from valuebox.compartments.lookups import of_request
from valuebox.facts.features.api import FeaturesApi
from valuebox.facts.features.declarations import Declarations, listed
from valuebox.facts.features.keeping import forget_answers, prune_answers, records_of_answers
from valuebox.facts.features.tables import FeatureAnswer, FeatureDeclaration
from valuebox.features.declared.declaration import Declaration
from valuebox.worker.expiry import Expiry


def _open(service: Any, _model: None) -> None:
    service.declarations = Declarations(service.store)


def _reads_newest(session: Session) -> bool:
    return bool(listed(session))


def _records(session: Session, people: People) -> Iterator[dict[str, Any]]:
    return records_of_answers(session, people.source or "", people.ids)


def _forget(session: Session, people: People) -> Mapping[str, int]:
    return forget_answers(session, people.source or "", people.ids)


def _published() -> Mapping[str, type[BaseModel]]:
    return {"feature-declaration.schema.json": Declaration}


COMPARTMENT: Final = Compartment(
    name="features",
    question="What was known of a customer at the moment of a decision?",
    endpoints=FeaturesApi,
    open=_open,
    tables=(FeatureDeclaration, FeatureAnswer, FeatureMonitorResult),
    watched=WATCHED,
    personal=(Personal(Whose.CUSTOMERS, _records, _forget),),
    lookups=(of_request(FeatureAnswer),),
    expiry=(
        Expiry(
            prune_answers,
            {"feature_answers": "answers with features"},
            {"feature_answers": FeatureAnswer},
        ),
    ),
    reads_newest=_reads_newest,
    published=_published,
    page=PAGE,
    brief=brief,
)
