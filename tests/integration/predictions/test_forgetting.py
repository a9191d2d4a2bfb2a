"""Whoever is forgotten leaves no trace: not in a dump, a sum, a view, a file or an answer."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import MetaData, select
from support.commands import valuebox
from support.dashboards import site_on
from support.services import eventually
from support.sums import assert_sums, clock_off, expected_sums, fold, report, send, stored_sums
from support.users import user, users

from valuebox.compartments.ltv import privacy
from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.ledger import LEDGER, note
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.repository import answer_of_request, find_predictions
from valuebox.compartments.ltv.schemas import PredictionSearch
from valuebox.dashboard.panels import PANELS
from valuebox.predictions.monitoring.checks import monitor
from valuebox.predictions.monitoring.keeping import keep, latest
from valuebox.predictions.monitoring.results import Thresholds
from valuebox.serving.replays import AnswerGone
from valuebox.store.engine import Store

SECRET = {
    "user_id": 424242420007,
    "join_date": "2019-07-13T07:13:37",
    "STV": 31.4159271,
    "country_segment": "Atlantis-7",
    "aff_type": "whisper-7",
}
OUTCOME = 271.8281845


def forget(store: Store, *user_ids: int) -> None:
    with store.writing() as session:
        privacy.forget_users(session, user_ids)


def dump(store: Store) -> str:
    """Every value of every table, as text."""
    found = MetaData()
    with store.engine.connect() as connection:
        found.reflect(connection)
        rows = [
            [table.name, *map(str, row)]
            for table in found.sorted_tables
            for row in connection.execute(select(table))
        ]
    return json.dumps(rows, ensure_ascii=False)


def test_sums_are_those_over_everybody_else(store: Store, model: LtvModel) -> None:
    rng = np.random.default_rng(5)
    for turn in range(4):
        # Some are sent several times, by several models, within a request and across requests.
        sent = users(60, first_id=int(rng.integers(1, 60)), missing=0.2, seed=turn)
        sent += [{**one, "STV": 0.3975, "country_segment": "new here"} for one in sent[:5]]
        send(store, sent, model)
        report(store, {int(one): float(rng.gamma(1, 6)) for one in rng.choice(120, 30, False)})
        fold(store)
    # Not in the sums yet, and an outcome that they hold with another value.
    send(store, users(20, first_id=30, seed=9), model)
    report(store, dict.fromkeys(range(30, 50), 7.25))
    forget(store, *range(20, 45))
    fold(store)
    assert_sums(store, model)
    forget(store, *range(200))
    for name, frame in stored_sums(store).items():
        assert frame.empty, name


def test_every_model_forgets(store: Store, model: LtvModel) -> None:
    for tag in (None, "ltv:never-noted"):
        send(store, users(30), model, tag)
    report(store, dict.fromkeys(range(1, 31), 3.0))
    fold(store)
    forget(store, *range(1, 31))
    assert "ltv:never-noted" not in dump(store)


def test_rows_that_came_before_their_model_was_noted_are_taken_out_as_they_were_added(
    store: Store, model: LtvModel
) -> None:
    late = replace(model, tag="ltv:late")
    send(store, users(10), model, late.tag)
    report(store, dict.fromkeys(range(1, 12), 3.0))
    fold(store)
    with store.writing() as session:
        note(session, late)
    # Three are said something newer of, by which the sums hold them from now on.
    send(store, users(8, first_id=8, missing=0.5), model, late.tag)
    report(store, {2: 4.5, 9: 6.5, 12: 7.5})
    fold(store)
    forget(store, *range(1, 11))
    assert_sums(store, late)
    assert stored_sums(store)["features"].groupby("feature")["rows"].sum().unique() == [5]


def test_rows_of_a_clock_ahead_are_taken_out_as_they_were_added_too(
    store: Store, model: LtvModel
) -> None:
    late = replace(model, tag="ltv:late")
    with clock_off(3000):
        send(store, users(10), model, late.tag)
    fold(store)
    with store.writing() as session:
        note(session, late)
    with clock_off(6000):
        send(store, users(5, first_id=11), model, late.tag)
    fold(store)
    forget(store, *range(1, 11))
    assert_sums(store, late)


@pytest.fixture
def told(store: Store, model: LtvModel) -> Store:
    """A user of a segment of their own, among others, in every table that there is."""
    send(store, users(120), model)
    send(store, [user(**SECRET), user(**{**SECRET, "STV": 31.4159272})], model)
    report(store, {**dict.fromkeys(range(1, 121), 3.5), SECRET["user_id"]: OUTCOME})
    fold(store)
    with store.writing() as session:
        keep(session, LEDGER.sums.monitor_results, monitor(session, LEDGER, Thresholds()))
    return store


def traces(store: Store) -> list[str]:
    """What is known of the user alone, as texts that could be found."""
    with store.reading() as session:
        found = find_predictions(session, PredictionSearch(user_ids=[SECRET["user_id"]]))
    values = [
        value for one in found.predictions for value in (one.prediction, one.lower, one.upper)
    ]
    ids = [str(one.prediction_id) for one in found.predictions]
    secret = [*SECRET.values(), 31.4159272, OUTCOME]
    return [str(one) for one in (*secret, *values, *ids, *(one.replace("-", "") for one in ids))]


def test_nothing_of_a_forgotten_user_is_in_a_dump(
    told: Store, model: LtvModel, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    known = traces(told)
    before = dump(told)
    assert sum(one in before for one in known) >= 6
    with site_on(told, model) as site:
        site.get()
        valuebox("users", "forget", SECRET["user_id"], "--yes", "--database-url", database_url)
        texts = [dump(told), caplog.text, site.get().text]
        texts += [site.http.get(f"/dashboard/{name}.csv").text for name in PANELS]
        texts += [site.get("segment=US&by=month").text]
    output, _ = valuebox("monitor", "--database-url", database_url, exit_code=1)
    texts.append(output)
    for text in texts:
        assert [one for one in known if one in text] == []
    assert_sums(told, model)


def test_results_of_monitoring_no_longer_name_their_cohorts(store: Store, model: LtvModel) -> None:
    pair = [user(number, country_segment="Atlantis-7") for number in (1, 2)]
    send(store, [*users(60, first_id=10), *pair], model)
    report(store, dict.fromkeys((1, 2, *range(10, 70)), 3.5))
    fold(store)
    with store.writing() as session:
        result = monitor(session, LEDGER, Thresholds(), least=1)
        keep(session, LEDGER.sums.monitor_results, result)
    named = {one.segment for one in result.matured.segments} if result.matured else set()
    assert {"Atlantis-7", "US"} < named
    forget(store, 1)
    with store.reading() as session:
        kept = latest(session, LEDGER.sums.monitor_results)
    assert kept is not None
    assert {one.segment for one in kept.matured.segments} == named - {"Atlantis-7"}


def test_the_file_of_a_database_holds_nothing_either(
    tmp_path: Path, told: Store, database_url: str
) -> None:
    if told.engine.dialect.name != "sqlite":
        return
    file = Path(told.engine.url.database or "")
    names = [str(SECRET["country_segment"]).encode(), str(SECRET["aff_type"]).encode()]
    held = [b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))]
    valuebox("users", "forget", SECRET["user_id"], "--yes", "--database-url", database_url)
    held.append(b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*")))
    assert [all(name in one for name in names) for one in held] == [True, False]
    assert not any(name in held[1] for name in names)


def test_when_the_rows_of_a_day_came_is_told_by_those_that_are_left(
    store: Store, model: LtvModel
) -> None:
    for number in range(1, 6):
        send(store, [user(number, country_segment="US")], model)
    fold(store)
    forget(store, 1, 5)
    assert_sums(store, model)
    expected = expected_sums(store, model)["arrivals"]
    with store.reading() as session:
        (cell,) = session.scalars(select(LEDGER.sums.arrivals)).all()
        assert (cell.rows, cell.first_at) == (3, expected["first_at"][0])


def test_a_fold_under_way_does_not_count_whom_is_forgotten(
    postgres_store: Store, model: LtvModel
) -> None:
    send(postgres_store, users(20), model)
    done: list[Any] = []
    with postgres_store.writing() as session:
        session.execute(select(LEDGER.sums.folded).with_for_update())
        forgetting = threading.Thread(target=lambda: done.append(forget(postgres_store, 1, 2)))
        forgetting.start()
        eventually(lambda: forgetting.is_alive())
        assert done == []
    forgetting.join(20)
    assert len(done) == 1
    fold(postgres_store)
    assert_sums(postgres_store, model)
    assert stored_sums(postgres_store)["arrivals"]["rows"].sum() == 18


def test_a_request_of_theirs_is_not_answered_again(store: Store, model: LtvModel) -> None:
    request_id = send(store, [user(1), user(2)], model)
    forget(store, 2)
    with store.reading() as session, pytest.raises(AnswerGone):
        answer_of_request(session, request_id, 2)


def test_features_of_forgotten_users_are_in_no_bin(told: Store, model: LtvModel) -> None:
    forget(told, SECRET["user_id"])
    of_features = stored_sums(told)["features"]
    by_feature = of_features.groupby("feature")["rows"].sum()
    assert by_feature.to_dict() == dict.fromkeys(FEATURES, 120)
