"""That the long run of kills would notice what it looks for."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from benchmarks.reliability.chaos_audit import audit
from benchmarks.reliability.chaos_clients import OUTCOMES, PREDICT, Request
from sqlalchemy import delete, select
from support.users import add_predictions, estimates, received, user

from valuebox.compartments.ltv.repository import answer_of_request, put_outcomes
from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.serving.exchange import Exchange
from valuebox.serving.replays import IdempotentRequest, Replays
from valuebox.store.engine import Store
from valuebox.store.ids import new_id

ROWS = [user(1), user(2)]
WEEK = timedelta(days=7)


def store_predictions(store: Store, exchange: Exchange) -> bytes:
    with store.writing() as session:
        add_predictions(session, exchange.request_id, received(ROWS), estimates(1.5, 2.5), "ltv:x")
        answer = answer_of_request(session, exchange.request_id, 2)
    return bytes(answer.by_row().body)


@pytest.fixture
def sent(store: Store) -> list[Request]:
    """Two requests that were stored and answered as they should be."""
    made = []
    for path, rows in ((PREDICT, ROWS), (OUTCOMES, [{"user_id": 7, "target": 2.0}])):
        request = Request(path, rows)
        exchange = Exchange(idempotency_key=request.key)
        with store.writing() as session:
            Replays(keep=WEEK).claim(session, exchange)
            if path == OUTCOMES:
                stored = put_outcomes(session, {7: 2.0})
                request.answer = stored.model_dump_json().encode()
        if path == PREDICT:
            request.answer = store_predictions(store, exchange)
        request.request_id = str(exchange.request_id)
        made.append(request)
    return made


def test_what_is_right_is_good(store: Store, sent: list[Request]) -> None:
    found = audit(store, sent)
    assert (found.sent, found.features, found.predictions, found.outcomes) == (2, 2, 2, 1)
    assert found.is_good(2)
    assert not found.is_good(3)


def test_rows_stored_by_another_attempt_are_found(store: Store, sent: list[Request]) -> None:
    store_predictions(store, Exchange())
    found = audit(store, sent)
    assert (found.duplicates, found.lost, found.is_good(2)) == (2, 0, False)


def test_lost_rows_are_found(store: Store, sent: list[Request]) -> None:
    with store.writing() as session:
        session.execute(delete(LtvPrediction).where(LtvPrediction.prediction == 1.5))
    found = audit(store, sent)
    assert (found.lost, found.differing, found.is_good(2)) == (1, 1, False)


def test_features_without_a_prediction_are_found(store: Store, sent: list[Request]) -> None:
    exchange = Exchange()
    store_predictions(store, exchange)
    with store.writing() as session:
        alone = select(LtvFeatures.id).where(LtvFeatures.request_id == exchange.request_id)
        session.execute(delete(LtvPrediction).where(LtvPrediction.features_id.in_(alone)))
    assert not audit(store, sent).is_good(2)


def test_a_lost_claim_is_found(store: Store, sent: list[Request]) -> None:
    with store.writing() as session:
        session.execute(delete(IdempotentRequest).where(IdempotentRequest.key == sent[1].key))
    assert not audit(store, sent).is_good(2)


@pytest.mark.parametrize("number", [0, 1])
def test_another_answer_is_found(store: Store, sent: list[Request], number: int) -> None:
    answer = json.loads(sent[number].answer)
    if number == 0:
        answer[1]["prediction"] = 2.6
    else:
        answer["added"] = 0
    sent[number] = replace(sent[number], answer=json.dumps(answer).encode())
    assert audit(store, sent).differing == 1


@pytest.mark.parametrize("change", [{"request_id": str(new_id())}, {"differing": 1}])
def test_an_answer_that_changed_is_found(
    store: Store, sent: list[Request], change: dict[str, object]
) -> None:
    sent[0] = replace(sent[0], **change)
    assert audit(store, sent).differing == 1
