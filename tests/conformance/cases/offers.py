"""Offers: which one a player sees, learned from every answer."""

from uuid import UUID

import pytest
from conformance.case import Case, Refused, notyet
from support.offers import FIRST, OFFERS, learned, question, stored
from support.services import ROOT

from valuebox.compartments.offers.promoting import promote
from valuebox.compartments.offers.repository import rows_of
from valuebox.store.engine import Store

DECIDE = "/v1/offers/decide"
DECIDED = UUID("01976f3b-0000-7000-8000-000000000000")


def learn(_request: pytest.FixtureRequest, _store: Store) -> str:
    return learned(5, 0).save("offers-of-conformance", {}, {})


def keep(store: Store, tag: str, _has_drifted: bool) -> None:
    with store.writing() as session:
        promote(session, tag, "there was none before")
    for session, others in (("first", {"id": DECIDED}), ("second", {})):
        store.insert([rows_of(*stored(FIRST, 0, session, **others))])
    asked, decision = stored(FIRST, 0, "first")
    store.insert([rows_of(asked.model_copy(update={"customer": "q"}), decision)])


CASE = Case(
    compartment="offers",
    asks={
        DECIDE: question("p", "third", FIRST),
        "/v1/offers/feedback": {"feedback": [{"decision_id": str(DECIDED), "what": "shown"}]},
        "/v1/offers/model": {},
    },
    refused=Refused(
        DECIDE,
        question(
            "p", "fourth", FIRST, candidates=[OFFERS[0], {"offer_type": "x", "offer_price": -1}]
        ),
        1,
        "candidates.offer_price",
    ),
    person=("p", "--source", "game"),
    model=learn,
    keep=keep,
    settings=("offers_promotions",),
    missing={
        "test_its_models_are_compared": notyet(reason="models of offers are not compared yet"),
        "test_metrics_tell_of_it": notyet(reason="decisions about offers are not judged yet"),
    },
    guide=ROOT / "docs" / "offers.md",
)
