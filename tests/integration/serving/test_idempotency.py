from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from support.databases import count_rows
from support.users import add_predictions, estimates, received, users

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.serving.exchange import Exchange
from valuebox.serving.replays import AnswerGone, IdempotentRequest, KeyReused, Replays
from valuebox.store.engine import Store

DAY = Replays(timedelta(days=1))
AT_ONCE = Replays(timedelta(microseconds=-1))


def exchange(body: bytes = b"body", key: str | None = "key") -> Exchange:
    made = Exchange(idempotency_key=key)
    made.body.update(body)
    return made


def claims(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(IdempotentRequest)) or 0


def test_a_claim_is_kept_with_its_transaction_and_only_with_it(store: Store) -> None:
    class Interrupted(Exception):
        pass

    def failing() -> None:
        with store.writing() as session:
            assert DAY.claim(session, exchange()) is None
            raise Interrupted

    with pytest.raises(Interrupted):
        failing()
    assert claims(store) == 0
    with store.writing() as session:
        assert DAY.claim(session, exchange()) is None
    again = exchange()
    with store.writing() as session:
        assert DAY.claim(session, again) is not None
    assert again.replayed
    assert claims(store) == 1


def test_an_exchange_without_a_key_claims_nothing(store: Store) -> None:
    with store.writing() as session:
        assert DAY.claim(session, exchange(key=None)) is None
        DAY.remember(session, exchange(key=None), {"a": 1})
    assert claims(store) == 0


def test_an_answer_is_remembered(store: Store) -> None:
    with store.writing() as session:
        first = exchange()
        DAY.claim(session, first)
        DAY.remember(session, first, {"added": 3})
    with store.writing() as session:
        earlier = DAY.claim(session, exchange())
        assert earlier is not None
        assert earlier.answer == {"added": 3}


def test_another_body_is_refused(store: Store) -> None:
    with store.writing() as session:
        DAY.claim(session, exchange())
    with pytest.raises(KeyReused), store.writing() as session:
        DAY.claim(session, exchange(b"another"))


def test_after_its_time_a_key_is_as_new(store: Store) -> None:
    with store.writing() as session:
        DAY.claim(session, exchange())
    later = exchange(b"another")
    with store.writing() as session:
        assert AT_ONCE.claim(session, later) is None
    assert not later.replayed
    assert claims(store) == 1
    with store.writing() as session:
        earlier = DAY.claim(session, exchange(b"another"))
        assert earlier is not None
        assert earlier.request_id == later.request_id


def test_pruning_takes_what_is_as_new_and_nothing_else(store: Store) -> None:
    with store.writing() as session:
        DAY.claim(session, exchange())
    with store.writing() as session:
        DAY.prune(session)
    assert claims(store) == 1
    with store.writing() as session:
        AT_ONCE.prune(session)
    assert claims(store) == 0


def test_an_answer_with_deleted_rows_is_gone(store: Store) -> None:
    first = exchange()
    with store.writing() as session:
        add_predictions(session, first.request_id, received(users(3)), estimates(1, 2, 3), "ltv:a")
    with store.reading() as session:
        answer = repository.answer_of_request(session, first.request_id, 3)
    assert list(answer.prediction) == [1, 2, 3]
    with store.writing() as session:
        gone = select(LtvFeatures.id).where(LtvFeatures.user_id == 2).scalar_subquery()
        session.execute(delete(LtvPrediction).where(LtvPrediction.features_id == gone))
    with store.reading() as session, pytest.raises(AnswerGone):
        repository.answer_of_request(session, first.request_id, 3)
    assert count_rows(store)["ltv_features"] == 3


def test_an_expired_claim_that_is_deleted_at_the_last_moment_is_claimed_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = exchange(), exchange()
    with store.writing() as session:
        DAY.claim(session, first)
    found = Session.get
    pruned = []

    def pruned_before(session: Session, *arguments: Any, **options: Any) -> Any:
        if not pruned:
            pruned.append(session.execute(delete(IdempotentRequest)).rowcount)
        return found(session, *arguments, **options)

    monkeypatch.setattr(Session, "get", pruned_before)
    with store.writing() as session:
        assert DAY.claim(session, again) is None
    assert pruned == [1]
    with store.reading() as session:
        assert session.scalars(select(IdempotentRequest.request_id)).one() == again.request_id
