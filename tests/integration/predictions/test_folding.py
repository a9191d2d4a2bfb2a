"""Sums over what is stored are those over all rows, whatever comes in which order."""

import threading
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from support.services import eventually
from support.sums import AT_ONCE, assert_sums, fold, report, send, stored_sums
from support.users import user, users

from valuebox.compartments.ltv.expiry import prune_features
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.predictions.sums import folding
from valuebox.predictions.sums.folding import Folding
from valuebox.store.engine import Store


def test_sums_are_those_over_all_rows(
    store: Store, model: LtvModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "BATCH", 70)
    monkeypatch.setattr(folding, "PAUSE_SECONDS", 0)
    rng = np.random.default_rng(1)
    rows = 0
    for turn in range(12):
        # Some of them came before, and some twice in one request.
        sent = users(60, first_id=int(rng.integers(1, 300)), missing=0.2, seed=turn)
        sent += [{**one, "STV": 0.3975, "country_segment": "new here"} for one in sent[:5]]
        send(store, sent, model)
        rows += len(sent)
        chosen = rng.choice(400, 50, replace=False).tolist()
        report(store, {user_id: float(np.round(rng.gamma(1, 6), 4)) for user_id in chosen})
        if turn % 3 == 2:
            rows -= fold(store).rows
            assert rows == 0
            assert_sums(store, model)
    assert fold(store) == (0, 0)


def test_every_model_has_its_own(store: Store, model: LtvModel) -> None:
    send(store, users(30), model)
    send(store, users(30), model, "ltv:unknown")
    report(store, {1: 5.0})
    assert fold(store) == (60, 1)
    report(store, {1: 6.0, 2: 1.0})
    assert fold(store) == (0, 2)
    cohorts = stored_sums(store)["cohorts"].groupby("model")[["users", "known_users"]].sum()
    assert cohorts["users"].to_dict() == {model.tag: 30, "ltv:unknown": 30}
    assert cohorts["known_users"].to_dict() == {model.tag: 2, "ltv:unknown": 2}
    assert set(stored_sums(store)["features"]["model"]) == {model.tag}


def test_what_is_not_settled_waits(store: Store, model: LtvModel) -> None:
    send(store, users(3), model)
    assert Folding(store, LEDGER).fold(Event()) == (0, 0)
    assert fold(store) == (3, 0)


def test_sums_stay_when_old_rows_are_deleted(store: Store, model: LtvModel) -> None:
    send(store, users(20), model)
    report(store, dict.fromkeys(range(1, 21), 4.0))
    fold(store)
    before = stored_sums(store)
    with store.writing() as session:
        prune_features(session, datetime.now(UTC) + timedelta(days=1))
    report(store, {1: 9.0, 4: 4.0})
    assert fold(store) == (0, 1)
    for name, frame in stored_sums(store).items():
        assert frame.equals(before[name]), name
    # Nothing is left that would tell that this user has been here.
    send(store, [user(1)], model)
    fold(store)
    assert stored_sums(store)["cohorts"]["users"].sum() == 21


def test_a_batch_that_fails_leaves_nothing(
    store: Store, model: LtvModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(store, users(20), model)
    with monkeypatch.context() as broken:
        broken.setattr(folding, "add_to_cohorts", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fold(store)
    assert stored_sums(store)["arrivals"].empty
    assert fold(store) == (20, 0)
    assert_sums(store, model)


def test_only_one_adds_up_a_postgresql_at_a_time(postgres_store: Store, model: LtvModel) -> None:
    send(postgres_store, users(20), model)
    results: list[Any] = []
    with postgres_store.writing() as session:
        session.execute(select(LEDGER.sums.folded).with_for_update())
        assert Folding(postgres_store, LEDGER, AT_ONCE).fold(Event()) == (0, 0)
        patient = threading.Thread(
            target=lambda: results.append(
                Folding(postgres_store, LEDGER, AT_ONCE).fold(Event(), True)
            )
        )
        patient.start()
        eventually(lambda: patient.is_alive())
        assert results == []
    patient.join(20)
    assert results == [(20, 0)]
    assert_sums(postgres_store, model)
