"""Experiments and uplift from stored facts."""

from typing import Any

import pytest
from support.facts import customer, event, put_customers, put_events

from valuebox.compartments.growth.experiments.building import experiment
from valuebox.compartments.growth.experiments.exposure import NoExperiment
from valuebox.compartments.growth.experiments.schemas import ExperimentQuestion, ExperimentReport
from valuebox.compartments.growth.uplift.building import uplift
from valuebox.compartments.growth.uplift.schemas import UpliftQuestion
from valuebox.store.engine import Store

BERLIN = {"timezone": "Europe/Berlin"}
QUESTION: dict[str, Any] = {
    "attribute": "arm", "control": "A", "exposure": "met", "horizon_days": 10,
}  # fmt: skip


@pytest.fixture
def stored(store: Store) -> Store:
    """Thirty customers in each of two arms, exposed late in the evening of the last of April."""
    put_customers(store, *(customer(n, attributes={"arm": "AB"[n % 2]}) for n in range(60)))
    met = [
        event(f"m{n}", customer=str(n), type="met", time="2013-04-30T22:30:00Z") for n in range(60)
    ]
    # Ten days later by the clock of Berlin it is midnight, in UTC two hours before.
    bought = [event(f"b{n}", customer=str(n), time="2013-05-10T22:20:00Z") for n in range(1, 60, 2)]
    last = event("last", customer=None, type="closed", time="2013-05-20T00:00:00Z")
    put_events(store, *met, *bought, last)
    return store


def judged(store: Store, **asked: Any) -> ExperimentReport:
    return experiment(store, ExperimentQuestion.model_validate(QUESTION | asked))


def test_dates_are_those_of_the_time_zone(stored: Store) -> None:
    found = judged(stored, start="2013-05-01", **BERLIN)
    assert [one.exposed for one in found.arms] == [30, 30]
    assert (found.effects[0].control, found.effects[0].each) == (0.0, 1.0)
    assert found.verdict.startswith("Beyond chance, beside A: B changes conversion of bought")
    with pytest.raises(NoExperiment, match="nobody is in the control A"):
        judged(stored, start="2013-05-01")
    # What was asked with a zone of its own is that moment.
    assert judged(stored, start="2013-04-30T22:30:00Z", **BERLIN).arms[0].exposed == 30


def test_one_event_of_2099_ends_no_horizon(stored: Store) -> None:
    put_events(stored, event("far", customer="1", time="2099-01-01T00:00:00Z"))
    found = judged(stored)
    assert [(one.why, one.count) for one in found.set_aside] == [("later than now", 1)]
    with pytest.raises(NoExperiment, match="fewer than 2 customers whose 30 days are over"):
        judged(stored, horizon_days=30)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"control": "C"}, "nobody is in the control C; there are these arms: A, B"),
        ({"attribute": "colour"}, "nobody is in the control A; there are these arms: none"),
        ({"exposure": "seen"}, "no events of the type seen, but of "),
        ({"metrics": [{"type": "bougth"}]}, "no events of the type bougth, but of "),
        ({"sources": ["nowhere"]}, "there are no events"),
        ({"start": "2013-06-01"}, "nobody is in the control A"),
    ],
)
def test_what_is_no_experiment_is_refused(stored: Store, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(NoExperiment, match=said):
        judged(stored, **asked)


def test_too_few_customers_are_not_learned_from(stored: Store) -> None:
    with pytest.raises(NoExperiment, match="an arm has fewer than 200 customers"):
        uplift(stored, UpliftQuestion.model_validate(QUESTION))
