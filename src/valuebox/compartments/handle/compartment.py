"""Handle, as the register knows it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from valuebox.compartments.contract import Compartment, Lookup, ModelKind, People, Personal, Whose
from valuebox.compartments.handle.api import HandleApi
from valuebox.compartments.handle.brief import brief
from valuebox.compartments.handle.card import card_of
from valuebox.compartments.handle.desk import Desk
from valuebox.compartments.handle.expiry import (
    prune_askings,
    prune_forecasts,
    prune_loaded,
    prune_outcomes,
)
from valuebox.compartments.handle.feed import Feed, expect_feed
from valuebox.compartments.handle.ledger import LEDGER, NAME, note
from valuebox.compartments.handle.model import NEWEST, TRAINED_BY, HandleModel
from valuebox.compartments.handle.page.page import PAGE
from valuebox.compartments.handle.recipe import LEADS
from valuebox.compartments.handle.repository import (
    SOURCE,
    forget_people,
    records_of_match,
    records_of_people,
)
from valuebox.compartments.handle.tables import TABLES, HandleAsking
from valuebox.compartments.lookups import of_request
from valuebox.predictions.tally import Tally
from valuebox.settings import load_settings
from valuebox.worker.expiry import Expiry


def _open(service: Any, model: HandleModel | None) -> None:
    service.handle_desk = None
    service.handle_feed = None
    expect_feed()
    if model is not None:
        service.handle_desk = Desk(service.store, model)
        service.handle_tally = Tally(NAME, model.tag, model.created_at, list(LEADS))
        if url := load_settings().handle_feed:
            service.handle_feed = Feed(url)


def _records(session: Session, people: People) -> Iterator[dict[str, Any]]:
    if people.source == SOURCE:
        yield from records_of_people(session, people.ids)


def _forget(session: Session, people: People) -> Mapping[str, int]:
    return forget_people(session, people.ids) if people.source == SOURCE else {}


COMPARTMENT: Final = Compartment(
    name=NAME,
    question="How much will be wagered on each upcoming match?",
    endpoints=HandleApi,
    open=_open,
    model=ModelKind(
        *("models__handle", TRAINED_BY, HandleModel.load, NEWEST),
        note=note,
        card=card_of,
        compare="valuebox_cli.handle.compare:compare",
    ),
    tables=TABLES,
    ledger=LEDGER,
    page=PAGE,
    brief=brief,
    personal=(Personal(Whose.CUSTOMERS, _records, _forget, lambda _: (SOURCE,)),),
    lookups=(Lookup("match", records_of_match), of_request(HandleAsking)),
    expiry=(
        Expiry(prune_forecasts, {"forecasts": "forecasts of handle"}),
        Expiry(prune_askings, {"requests": "requests for forecasts"}),
        Expiry(prune_outcomes, {"handles": "handles of matches"}),
        Expiry(
            prune_loaded,
            {
                "bets": "loaded bets",
                "matches": "matches",
                "users": "loaded users",
                "loads": "loads",
            },
        ),
    ),
    demo="valuebox_cli.handle.demo:show",
)
