"""The response model: who will buy or like next."""

import pytest
from conformance.case import Case, Refused
from support import shop
from support.once import learned_once
from support.sums import some_time_ago

from valuebox.compartments.response.ledger import note
from valuebox.compartments.response.model import load
from valuebox.compartments.response.steps import ResponseSteps
from valuebox.facts.reading import Choice, read_facts
from valuebox.predictions.tally import Tally
from valuebox.store.engine import Store
from valuebox_training.response.train import train

PREDICT = "/v1/growth/response"
NOBODY = {"source": shop.SOURCE, "id": "nobody"}


def learned(_request: pytest.FixtureRequest, store: Store) -> str:
    until = shop.moment_of(shop.LEARNED)

    def learn() -> str:
        facts = read_facts(store, Choice(before=until))
        return train(facts, shop.RESPONSES, "category", shop.AHEAD, until, "conforming").tag

    return learned_once("conforming", learn)


def keep(store: Store, tag: str, has_drifted: bool) -> None:
    model = load(tag)
    with store.writing() as session:
        note(session, model)
    shop.simulate(0, shop.LEVEL_FELL if has_drifted else shop.CALM).store(store, shop.LEARNED)
    steps = ResponseSteps(store, model, Tally("response", model.tag, model.created_at, []))
    with some_time_ago():
        shop.predict(store, steps, shop.simulate(0).joined(shop.LEARNED), shop.LEARNED)


question = shop.asked(["3", "1"], shop.LEARNED)
CASE = Case(
    compartment="response",
    asks={PREDICT: question, f"{PREDICT}/search": {}, f"{PREDICT}/model": {}},
    refused=Refused(
        PREDICT, {"customers": [*question["customers"], NOBODY]}, 2, "customers", "unanswerable"
    ),
    person=("3", "--source", shop.SOURCE),
    model=learned,
    keep=keep,
)
