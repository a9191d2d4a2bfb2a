"""Offers: which one a player sees, learned from every answer."""

from uuid import UUID

import pytest
from conformance.case import Case, Refused
from support.offers import FIRST, OFFERS, play, question, saved, stored
from support.once import learned_once
from support.services import ROOT
from support.sums import clock_off

from valuebox.compartments.offers.ledger import note
from valuebox.compartments.offers.model import load
from valuebox.compartments.offers.promoting import promote
from valuebox.compartments.offers.repository import New, rows_of
from valuebox.store.engine import Store

DECIDE = "/v1/offers/decide"
DECIDED = UUID("01976f3b-0000-7000-8000-000000000000")


def learn(_request: pytest.FixtureRequest, _store: Store) -> str:
    return learned_once("offers-of-conformance", lambda: saved("offers-of-conformance", 20))


def keep(store: Store, tag: str, has_drifted: bool) -> None:
    model = load(tag)
    with store.writing() as session:
        note(session, model)
        promote(session, tag, "there was none before")
    for session, others in (("first", {"id": DECIDED}), ("second", {})):
        store.insert(rows_of([New(*stored(FIRST, 0, session, **others), None)]))
    with clock_off(-60 * 86_400):
        play(store, model, 0.3 if has_drifted else 1.0)


CASE = Case(
    compartment="offers",
    asks={
        DECIDE: question("p", "third", FIRST),
        "/v1/offers/feedback": {"feedback": [{"decision_id": str(DECIDED), "what": "shown"}]},
        "/v1/offers/decision": {"decision_id": str(DECIDED)},
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
    guide=ROOT / "docs" / "offers.md",
)
