"""Offers are decided about, learned from, and decided about again, over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select, true
from support.offers import FIRST, OFFERS, question, reaction, stored
from support.services import Service

from valuebox.compartments.offers.promoting import roll_back
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.repository import New, rows_of
from valuebox.compartments.offers.tables import OfferDecision, OfferPromotion
from valuebox.store.writing import write
from valuebox_cli.offers.learning import learn_and_promote
from valuebox_cli.offers.replaying import replay_all

DECIDE, FEEDBACK = "/v1/offers/decide", "/v1/offers/feedback"
MINUTE = timedelta(minutes=1)


def decide(service: Service, **asked: Any) -> dict[str, Any]:
    body = question(f"p{uuid4().hex}", f"s{uuid4().hex}", FIRST) | asked
    answer = service.http.post(DECIDE, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_before_there_is_a_model_every_candidate_is_as_likely(service: Service) -> None:
    found = decide(service)
    assert [one["propensity"] for one in found["candidates"]] == pytest.approx([1 / 3] * 3)
    assert found["propensity"] == pytest.approx(1 / 3)
    assert {one["worth"] for one in found["candidates"]} == {None}
    chosen = {decide(service)["choice"] for _ in range(40)}
    assert chosen == {0, 1, 2}


@pytest.mark.sqlite_alone
def test_one_candidate_is_chosen_for_sure(service: Service) -> None:
    found = decide(service, candidates=OFFERS[:1])
    assert (found["choice"], found["propensity"]) == (0, 1.0)


def test_a_price_may_be_text_and_more_may_be_told_of_an_offer(service: Service) -> None:
    told = [
        {"offer_type": "xmas", "offer_price": "9.99", "colour": "red", "discount": 0.2, "of": [1]}
    ]
    found = decide(service, candidates=told)
    assert found["candidates"][0]["offer_price"] == 9.99
    with service.store.reading() as session:
        stored = session.scalars(select(OfferDecision.candidates).order_by(OfferDecision.id)).all()
    assert stored[-1][0] == told[0] | {"offer_price": 9.99, "type_shown": 0, "type_bought": 0}


def test_a_session_has_one_decision_however_it_is_asked_for_again(service: Service) -> None:
    whom = {"customer": "again", "session": uuid4().hex}
    first = decide(service, **whom)
    assert decide(service, **whom) == first
    later = decide(service, **whom, at=(FIRST + MINUTE).isoformat(), candidates=OFFERS[::-1])
    assert later["decision_id"] == first["decision_id"]
    assert OFFERS[::-1][later["choice"]] == OFFERS[first["choice"]]
    others = [one for place, one in enumerate(OFFERS) if place != first["choice"]]
    refused = service.http.post(DECIDE, json=question(**whom_of(whom), candidates=others))
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "unanswerable"


def whom_of(whom: dict[str, str]) -> dict[str, Any]:
    return {"player": whom["customer"], "session": whom["session"], "at": FIRST}


def test_many_who_race_for_a_session_are_told_the_same(service: Service) -> None:
    body = question("racer", uuid4().hex, FIRST)
    start = Barrier(64)

    def ask(_: int) -> str:
        with httpx.Client(base_url=service.url, timeout=60) as http:
            start.wait()
            answer = http.post(DECIDE, json=body)
        assert answer.status_code == 200, answer.text
        return answer.text

    with ThreadPoolExecutor(64) as threads:
        answers = set(threads.map(ask, range(64)))
    assert len(answers) == 1
    with service.store.reading() as session:
        of_session = OfferDecision.session == body["session"]
        assert session.scalar(select(func.count()).where(of_session)) == 1


@pytest.mark.parametrize(
    ("others", "field"),
    [
        ({"candidates": []}, "candidates"),
        ({"candidates": [OFFERS[0], {"offer_type": "coins", "offer_price": -1}]}, "offer_price"),
        ({"candidates": [{"offer_type": "", "offer_price": 1}]}, "offer_type"),
        ({"candidates": [{"offer_type": "coins"}]}, "offer_price"),
        ({"candidates": [{"offer_type": "coins", "offer_price": "dear"}]}, "offer_price"),
        ({"candidates": [OFFERS[0] | {"a\0b": 1}]}, "candidates"),
        ({"session": ""}, "session"),
        ({"customer": None}, "customer"),
    ],
)
@pytest.mark.sqlite_alone
def test_what_cannot_be_decided_is_refused_by_field(
    service: Service, others: dict[str, Any], field: str
) -> None:
    answer = service.http.post(DECIDE, json=question("p", "s", FIRST) | others)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["problems"][0]["field"]


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity", '"nan"', '"-1"', "null"])
@pytest.mark.sqlite_alone
def test_a_price_that_is_no_amount_is_refused(service: Service, price: str) -> None:
    body = (
        '{"customer": "p", "session": "s", "candidates": [{"offer_type": "a", "offer_price": %s}]}'
    )
    headers = {"Content-Type": "application/json"}
    answer = service.http.post(DECIDE, content=body % price, headers=headers)
    assert answer.status_code == 400, answer.text
    with service.store.reading() as session:
        assert session.scalar(select(func.count()).where(OfferDecision.session == "s")) == 0


def test_feedback_counts_once_and_comes_back_as_a_reward(service: Service) -> None:
    player = uuid4().hex
    decision = decide(service, customer=player)
    told = [
        {"decision_id": decision["decision_id"], "what": what, "time": (FIRST + MINUTE).isoformat()}
        for what in ("shown", "purchased")
    ]
    for added in (2, 0):
        answer = service.http.post(FEEDBACK, json={"feedback": told})
        assert answer.json() == {"received": 2, "added": added}
    with service.store.reading() as session:
        found = read(session.connection(), FIRST + timedelta(hours=1), true()).decisions
    price = OFFERS[decision["choice"]]["offer_price"]
    assert price in found.own.tolist()
    unknown = [*told, {"decision_id": str(uuid4()), "what": "shown"}]
    refused = service.http.post(FEEDBACK, json={"feedback": unknown})
    assert refused.status_code == 409
    assert refused.json()["error"]["problems"][0]["row"] == 2


def test_what_players_like_is_learned_without_a_restart_and_rolled_back(service: Service) -> None:
    random, day = Random(5), timedelta(days=1)
    began = FIRST + 30 * day
    for number in range(2):
        events = []
        with service.store.writing() as session:
            for player in range(300):
                at = began + number * day + player * MINUTE
                named, choice = f"{number} {player}", random.randrange(len(OFFERS))
                asked, decision = stored(at, choice, named)
                asked = asked.model_copy(update={"customer": f"learner {player}"})
                write(session, rows_of([New(asked, decision, None)]))
                events += reaction(random, OFFERS[choice], asked.customer, named, at)
        sent = service.http.post("/v1/events/raw", json={"mapping": "game", "events": events})
        assert sent.json()["added"] == len(events), sent.text
        learn_and_promote(service.store, began + (number + 1) * day, "offers-of-tests")
    with service.store.reading() as session:
        tags = list(session.scalars(select(OfferPromotion.model).order_by(OfferPromotion.id)))
    later = {"at": (began + 3 * day).isoformat()}
    found = decide(service, **later)
    assert found["model"] == tags[-1]
    likely = [one["propensity"] for one in found["candidates"]]
    assert likely.index(max(likely)) == 1
    assert min(likely) > 0.005
    # A type that nobody has seen is tried in one of five decisions, beside the uniform slice.
    unseen = decide(service, **later, candidates=[*OFFERS, OFFERS[0] | {"offer_type": "new"}])
    assert unseen["candidates"][3]["propensity"] == pytest.approx(0.97 * 0.2 + 0.03 / 4)
    unknown = decide(service, **later, candidates=[{"offer_type": "a", "offer_price": 1}] * 2)
    assert [one["propensity"] for one in unknown["candidates"]] == pytest.approx([0.5, 0.5])
    alone = decide(service, **later, candidates=OFFERS[2:])
    assert (alone["choice"], alone["propensity"]) == (0, 1.0)
    told = service.http.post(
        "/v1/offers/decision", json={"decision_id": found["decision_id"]}
    ).json()
    assert told["is_alike"]
    assert {name: told[name] for name in found} == found
    for weighed, why in zip(told["candidates"], told["why"]["candidates"], strict=True):
        worth = why["chance"] * (weighed["offer_price"] + why["later"])
        assert weighed["worth"] == pytest.approx(worth)
        assert any(one["feature"] == "offer_type" for one in why["reasons"])
    replayed = replay_all(service.store, began + 3 * day)
    # Others may have asked this service about later moments, too.
    since = OfferDecision.at >= began + 3 * day
    with service.store.reading() as session:
        count = session.scalar(select(func.count()).where(since))
    assert (replayed.differing, replayed.gone, replayed.alike) == (0, 0, count)
    assert count is not None
    assert count >= 4
    card = service.http.post("/v1/offers/model", json={}).json()
    assert card["model"] == tags[-1]
    with service.store.writing() as session:
        roll_back(session)
    assert decide(service, **later)["model"] == tags[-2]
