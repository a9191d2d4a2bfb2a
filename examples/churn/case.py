"""What valuebox's suite of all compartments has to know of the churn model; see CONTRIBUTING.md."""

from pathlib import Path

import pytest
from conformance.case import Case, Refused, notyet
from support import shop
from support.commands import valuebox
from support.sums import some_time_ago
from valuebox_churn.model import ChurnModel
from valuebox_churn.tables import KEPT

from valuebox.compartments.api import CustomerSteps, Store

PREDICT = "/v1/churn/predict"
ASKED = shop.asked(["3", "1"], shop.LEARNED)
NOBODY = {"source": shop.SOURCE, "id": "nobody"}
STOPPED = shop.World(buying=0.1)


def learned(_request: pytest.FixtureRequest, store: Store) -> str:
    """Train a model as people do, and return its tag."""
    url = store.engine.url.render_as_string(hide_password=False)
    return valuebox("churn", "train", "--database-url", url)[0].split()[2].rstrip(",")


def keep(store: Store, tag: str, has_drifted: bool) -> None:
    """Store what is said of everybody, and what they bought since; or hardly did."""
    model = ChurnModel.load(tag)
    with store.writing() as session:
        KEPT.note(session, model)
    shop.simulate(0, STOPPED if has_drifted else shop.CALM).store(store, shop.LEARNED)
    with some_time_ago():
        everybody = shop.simulate(0).joined(shop.LEARNED)
        shop.predict(store, CustomerSteps(store, KEPT, model, True), everybody, shop.LEARNED)


CASE = Case(
    compartment="churn",
    asks={PREDICT: ASKED},
    refused=Refused(
        PREDICT, {"customers": [*ASKED["customers"], NOBODY]}, 2, "customers", "unanswerable"
    ),
    person=("3", "--source", shop.SOURCE),
    model=learned,
    keep=keep,
    guide=Path(__file__).with_name("README.md"),
    missing={"test_its_models_are_compared": notyet(reason="churn brings no `ModelKind.compare`")},
)
