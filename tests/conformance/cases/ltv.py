"""Lifetime value: what users of a subscription will spend."""

from functools import cache

import pandas as pd
import pytest
from conformance.case import Case, Refused
from support.dashboards import as_sent
from support.sums import report, send, some_time_ago
from support.users import user

from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.engine import Store
from valuebox_training.ltv.simulate import simulate

PREDICT = "/v1/ltv/predict"


def learned(request: pytest.FixtureRequest, _store: Store) -> str:
    tag: str = request.getfixturevalue("model_tag")
    return tag


@cache
def users() -> pd.DataFrame:
    return simulate(users_per_day=30, seed=7).valid.users


def keep(store: Store, tag: str, has_drifted: bool) -> None:
    july = users()
    if has_drifted:
        july = july.assign(country_segment="Atlantis")
    targets = dict(zip(july["user_id"].tolist(), july["target"].tolist(), strict=True))
    with some_time_ago():
        send(store, [*as_sent(july), user(1)], LtvModel.load(tag))
        report(store, targets)


CASE = Case(
    compartment="ltv",
    asks={
        PREDICT: [user(1), user(2)],
        f"{PREDICT}/bulk": {name: [value] * 2 for name, value in user(1).items()},
        "/v1/ltv/predictions/search": {},
        "/v1/ltv/outcomes": [{"user_id": 1, "target": 2.5}],
        "/v1/ltv/model": {},
    },
    refused=Refused(PREDICT, [user(1), user(2, STV="much")], 1, "STV"),
    person=("1",),
    model=learned,
    keep=keep,
)
