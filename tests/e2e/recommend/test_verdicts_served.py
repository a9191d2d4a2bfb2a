"""Verdicts on lists that a service has shown, by the events that it was told of.

What is shown is asked of the service and stored by it; what visitors do afterwards is drawn, by the
arm that the service has named. How often verdicts err is measured in `benchmarks/recommend`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import numpy as np
import pytest
from benchmarks.recommend.shop_sessions import ARMS, DAY, START, Effect, Sessions, sessions
from support.services import Service, eventually

from valuebox.compartments.recommend.experiments import (
    begin_experiment,
    end_experiment,
    report_of,
)
from valuebox.compartments.recommend.proof.assignment import assign
from valuebox.compartments.recommend.proof.schemas import Experiment, ProofReport

One = TypeVar("One")
NAME: Final = "spring"
A_DAY: Final = 1_500
LAID: Final = Experiment(name=NAME, shares=dict.fromkeys(ARMS, 0.5))
pytestmark = pytest.mark.slow("benchmarks/recommend/shop_sessions.py")


def parts(some: Sequence[One], size: int) -> Iterator[Sequence[One]]:
    return (some[start : start + size] for start in range(0, len(some), size))


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def begin(service: Service, source: str) -> None:
    """A shop with an index and an experiment, of which the service knows."""
    old = [
        event(source, f"old-{number}", f"old-{number // 2}", START - DAY + number, "view")
        for number in range(20)
    ]
    assert service.http.post("/v1/events", json=old).is_success
    with service.store.writing() as session:
        begin_experiment(session, source, LAID)
    asked = {"source": source, "session": "first", "items": [], "at": moment(START - DAY)}
    eventually(
        lambda: service.http.post("/v1/recommend", json=asked).json()["experiment"] == NAME, 30
    )


def event(source: str, id_: str, session: str, seconds: float, what: str) -> dict[str, Any]:
    return {
        "source": source, "id": id_, "session": session, "type": what, "time": moment(seconds),
        "properties": {"item": f"item {int(seconds) % 20}"},
    }  # fmt: skip


def shown(service: Service, source: str, begins: dict[str, float]) -> dict[str, str]:
    """Ask for a list for each session, and say which arm each is in."""
    arms: dict[str, str] = {}
    for some in parts([*begins], 1_000):
        questions = [
            {"source": source, "session": one, "items": [], "count": 1, "at": moment(begins[one])}
            for one in some
        ]
        said = service.http.post("/v1/recommend/batch", json={"questions": questions})
        assert said.is_success, said.text
        lists = said.json()["lists"]
        arms |= {one: told["arm"] for one, told in zip(some, lists, strict=True)}
    return arms


def told(service: Service, source: str, arms: dict[str, str], does: dict[str, Sessions]) -> None:
    """Tell of what the sessions of a day do, as their arm has it."""
    events = []
    for number, (name, arm) in enumerate(arms.items()):
        drawn = does.get(arm, does["popular"])
        begun = float(drawn.first[number])
        for view in range(int(drawn.views[number])):
            events.append(event(source, f"{name}-{view}", name, begun + 20.0 * view, "view"))
        if drawn.orders is not None and drawn.orders[number]:
            sold = event(source, f"{name}-b", name, begun + 20.0, "bought")
            events.append(sold | {"amount": float(drawn.revenue[number]), "currency": "EUR"})
    for some in parts(events, 5_000):
        assert service.http.post("/v1/events", json=some).is_success


def reported(service: Service, source: str) -> ProofReport:
    with service.store.reading() as session:
        return report_of(session, source, NAME)


def days_of(
    service: Service, source: str, effect: Effect, days: int, seed: int
) -> list[ProofReport]:
    """What is said at the end of each day of an experiment."""
    begin(service, source)
    said = []
    for day in range(days):
        draw = np.random.default_rng([seed, day])
        many = {arm: sessions(draw, 1, 2 * A_DAY, effect, arm == "personal") for arm in ARMS}
        does = {
            arm: found._replace(first=found.first + timedelta(days=day).total_seconds())
            for arm, found in many.items()
        }
        begins = {
            f"s-{day}-{number}": float(does["popular"].first[number]) for number in range(A_DAY)
        }
        does["personal"] = does["personal"]._replace(first=does["popular"].first)
        told(service, source, shown(service, source, begins), does)
        said.append(reported(service, source))
    with service.store.writing() as session:
        end_experiment(session, source, NAME)
    return said


def test_two_arms_that_are_the_same_are_never_told_apart(service: Service) -> None:
    said = days_of(service, "same", Effect(), 5, seed=1)
    states = [one.state for report in said for one in report.judged]
    assert not {"better", "worse", "worse beyond its margin"} & {*states}
    kinds = [one.kind for report in said for one in report.verdicts]
    assert not {"better", "worse", "no verdict"} & {*kinds}
    assert sum(one.sessions for one in said[-1].arms) > 4.9 * A_DAY


def test_an_arm_with_fewer_views_is_never_called_not_worse(service: Service) -> None:
    said = days_of(service, "fewer", Effect(views=0.92), 5, seed=2)
    views = [one for report in said for one in report.judged if one.kpi == "views"]
    assert not {"not worse", "better"} & {one.state for one in views}
    assert not {"not worse", "better"} & {one.kind for each in said for one in each.verdicts}
    assert -0.13 < (views[-1].change or 0) < -0.03


def test_arms_of_50_to_47_have_no_verdict(service: Service) -> None:
    source, rng = "uneven", np.random.default_rng(3)
    begin(service, source)
    begins = {f"s-{one}": START + 40.0 * one for one in range(28_000)}
    # Of one arm, six sessions of a hundred are lost before a list is asked for.
    left = {
        one: at for one, at in begins.items()
        if assign(source, NAME, one, LAID.shares) != "personal" or rng.random() > 0.06
    }  # fmt: skip
    shown(service, source, left)
    found = reported(service, source)
    assert {one.kind for one in found.verdicts} == {"no verdict"}
    assert found.mismatch is not None
    assert found.mismatch.is_mismatch
