"""Handle: how much will be wagered on coming matches."""

import pytest
from conformance.case import Case, Refused
from support import matches
from support.sums import some_time_ago

from valuebox.compartments.handle.desk import Desk
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.repository import SOURCE
from valuebox.store.engine import Store
from valuebox_training.handle.schedule import made_up

FORECAST = "/v1/handle/forecast"
MATCH = str(made_up(0)["event_id"].iloc[-1])
"""The last match of the sportsbook."""


def learned(_request: pytest.FixtureRequest, _store: Store) -> str:
    return matches.tag()


def keep(store: Store, tag: str, has_drifted: bool) -> None:
    # Everybody bets a fraction of what they did, all at once.
    matches.store_loads(store, times=0.3 if has_drifted else 1.0)
    # One for all days, as in a worker: it reads what was loaded once.
    desk = Desk(store, HandleModel.load(tag))
    with some_time_ago():
        for day in range(matches.FIRST_LOAD, 0, 2):
            matches.ask(store, matches.steps(store, day + 0.4, desk))


CASE = Case(
    compartment="handle",
    asks={
        FORECAST: {"matches": [MATCH]},
        f"{FORECAST}.csv": {"matches": [MATCH]},
        f"{FORECAST}.xlsx": {"matches": [MATCH]},
        "/v1/handle/history": {"match": MATCH},
        "/v1/handle/model": {},
    },
    refused=Refused(FORECAST, {"matches": [MATCH, "nobody"]}, 1, "matches", "unanswerable"),
    person=("U1002", "--source", SOURCE),
    judged=("handle_revisions",),
    model=learned,
    keep=keep,
)
