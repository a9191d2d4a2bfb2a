"""What is deleted when it is old enough, and how, on both databases."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Delete, Select, event, func, select, text, update
from support.commands import only_line, valuebox
from support.databases import PASSWORD, count_rows
from support.pruning import pruning
from support.services import eventually
from support.users import add_predictions, estimates, received, users

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.expiry import prune_features, prune_outcomes
from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome
from valuebox.serving.exchange import Exchange
from valuebox.serving.replays import AnswerGone, IdempotentRequest, Replays
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox.store.pruning import alone

DAY = timedelta(days=1)
NEVER = Event()
BATCH = 500


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of those that it has, for a tenth of the rows."""
    monkeypatch.setattr("valuebox.store.pruning.BATCH", BATCH)


def stored(
    store: Store, monkeypatch: pytest.MonkeyPatch, age: timedelta, count: int, first_id: int = 1
) -> Exchange:
    """Users as if a request with a key had sent them some time ago."""
    moment = datetime.now(UTC) - age
    with monkeypatch.context() as patched, store.writing() as session:
        patched.setattr("time.time_ns", lambda: int(moment.timestamp() * 1e9))
        made = Exchange(idempotency_key=new_id().hex)
        Replays(DAY).claim(session, made)
        sent = received(users(count, first_id))
        values = estimates(*[1.0] * count)
        add_predictions(session, made.request_id, sent, values, "ltv:a")
        session.execute(
            update(LtvFeatures)
            .where(LtvFeatures.request_id == made.request_id)
            .values(received_at=moment)
        )
        mine = IdempotentRequest.key == made.idempotency_key
        session.execute(update(IdempotentRequest).where(mine).values(claimed_at=moment))
    return made


def reported(store: Store, age: timedelta, *user_ids: int) -> None:
    """Outcomes that last changed some time ago."""
    with store.writing() as session:
        repository.put_outcomes(session, dict.fromkeys(user_ids, 1.0))
        mine = LtvOutcome.user_id.in_(user_ids)
        moment = datetime.now(UTC) - age
        session.execute(update(LtvOutcome).where(mine).values(changed_at=moment))


def pruned(store: Store, days: float | None, stop: Event = NEVER) -> dict[str, int]:
    keep = None if days is None else timedelta(days=days)
    return +pruning(store, keep, DAY).prune(stop, patient=False)


def column(store: Store, query: Select[Any]) -> list[Any]:
    with store.reading() as session:
        return list(session.scalars(query))


def test_what_is_old_goes_and_what_is_not_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(store, monkeypatch, 31 * DAY, 3, first_id=1)
    stored(store, monkeypatch, 29 * DAY, 4, first_id=10)
    stored(store, monkeypatch, 0 * DAY, 5, first_id=20)
    deleted = pruned(store, 30)
    assert deleted == {"features": 3, "predictions": 3, "claims": 2}
    assert min(column(store, select(LtvFeatures.user_id))) == 10
    assert count_rows(store)["ltv_features"] == count_rows(store)["ltv_predictions"] == 9
    assert not any(pruned(store, 30).values())


def test_an_outcome_stays_while_it_is_new_or_its_user_has_features(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(store, monkeypatch, 40 * DAY, 2, first_id=1)
    stored(store, monkeypatch, 10 * DAY, 2, first_id=11)
    reported(store, 35 * DAY, 1, 11, 99)
    reported(store, 5 * DAY, 2, 12, 100)
    assert pruned(store, 30)["outcomes"] == 2
    assert column(store, select(LtvOutcome.user_id).order_by(LtvOutcome.user_id)) == [
        *(2, 11, 12, 100)
    ]


def test_everything_is_kept_for_ever_but_expired_keys(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(store, monkeypatch, 5_000 * DAY, 2)
    reported(store, 5_000 * DAY, 99)
    before = count_rows(store)
    assert pruned(store, None) == {"claims": 1}
    assert count_rows(store) == before


def test_more_than_a_batch_goes_in_several_short_transactions(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in range(2):
        stored(store, monkeypatch, 40 * DAY, 600, first_id=1 + part * 600)
    reported(store, 40 * DAY, *range(1, 1_201))
    sizes: list[int] = []

    def executed(conn: Any, clause: Any, multi: Any, params: Any, options: Any, done: Any) -> None:
        if isinstance(clause, Delete):
            sizes.append(done.rowcount)

    commits: list[int] = []
    event.listen(store.engine, "after_execute", executed)
    event.listen(store.engine, "commit", lambda _: commits.append(1))
    deleted = pruned(store, 30)
    assert deleted == {"features": 1_200, "predictions": 1_200, "outcomes": 1_200, "claims": 2}
    assert max(sizes) == BATCH
    assert len(commits) >= 7
    assert count_rows(store) == {"ltv_features": 0, "ltv_predictions": 0, "ltv_outcomes": 0}


def test_when_told_to_stop_it_finishes_its_batch_and_no_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(store, monkeypatch, 40 * DAY, 2 * BATCH)
    stop = Event()
    event.listen(store.engine, "commit", lambda _: stop.set())
    assert pruned(store, 30, stop) == {"features": BATCH, "predictions": BATCH}
    assert count_rows(store)["ltv_features"] == count_rows(store)["ltv_predictions"] == BATCH


def test_a_request_whose_rows_are_gone_is_not_answered_again_and_not_stored(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stored(store, monkeypatch, 0.5 * DAY, 2)
    assert pruned(store, 0.25)["features"] == 2
    again = Exchange(idempotency_key=first.idempotency_key)
    with store.writing() as session:
        assert Replays(DAY).claim(session, again) is not None
        with pytest.raises(AnswerGone):
            repository.answer_of_request(session, again.request_id, 2)


def explained(store: Store, work: Callable[..., Any], table: str) -> list[str]:
    """How the database finds the rows of `table`, for every statement of some work."""
    plans: list[str] = []
    how = "EXPLAIN " if store.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        probe = cursor.connection.cursor()
        probe.execute(how + statement, parameters)
        plans.append("\n".join(str(row[-1]) for row in probe.fetchall()))

    with store.writing() as session:
        event.listen(store.engine, "before_cursor_execute", explain)
        work(session)
        event.remove(store.engine, "before_cursor_execute", explain)
    return [plan for plan in plans if table in plan]


def test_old_rows_are_found_by_an_index(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in range(4):
        stored(store, monkeypatch, (40 - 13 * part) * DAY, 1_000, first_id=1 + part * 1_000)
    reported(store, 40 * DAY, *range(3_000, 6_000))
    with store.engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    before = datetime.now(UTC) - 30 * DAY
    after = column(store, select(LtvOutcome.user_id).offset(1_000).limit(1))[0]
    for table, work in {
        "ltv_features": lambda session: prune_features(session, before),
        "ltv_predictions": lambda session: prune_features(session, before),
        "ltv_outcomes": lambda session: prune_outcomes(session, before, after),
    }.items():
        plans = explained(store, work, table)
        assert plans
        for plan in plans:
            assert f"SCAN {table}" not in plan
            assert f"Seq Scan on {table}" not in plan


def test_only_one_prunes_a_postgresql_at_a_time(
    postgres_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(postgres_store, monkeypatch, 40 * DAY, 3)
    with postgres_store.writing() as session:
        assert alone(session, patient=False)
        assert pruned(postgres_store, 30) == {}
        keep = pruning(postgres_store, 30 * DAY, DAY)
        results: list[dict[str, int]] = []
        patient = threading.Thread(target=lambda: results.append(dict(keep.prune(NEVER, True))))
        patient.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        eventually(lambda: session.scalar(waiting) == 1)
        assert results == []
    patient.join(20)
    assert results[0]["features"] == 3


def test_an_outcome_that_is_being_corrected_is_left_alone(postgres_store: Store) -> None:
    reported(postgres_store, 40 * DAY, 1, 2)
    with postgres_store.writing() as session:
        repository.put_outcomes(session, {1: 5.0})
        assert pruned(postgres_store, 30)["outcomes"] == 1
    assert column(postgres_store, select(LtvOutcome.target)) == [5.0]


def test_the_command_prints_what_it_deleted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(store, monkeypatch, 40 * DAY, 3)
    reported(store, 40 * DAY, 99)
    url = store.engine.url.render_as_string(hide_password=False)
    command = ["db", "prune", "--database-url", url]
    handle = (
        "0 forecasts of handle, 0 requests for forecasts, 0 handles of matches, 0 loaded bets, "
        "0 matches, 0 loaded users, 0 loads, 0 decisions about offers, "
        "0 lists of recommendations"
    )
    nothing = (
        "deleted: 0 features, 0 predictions, 0 outcomes, 0 events, 0 customers, "
        f"0 answers with features, 0 predicted responses, {handle}, {{}} expired keys"
    )
    assert only_line(valuebox(*command)[0]) == nothing.format(1)
    monkeypatch.setenv("VALUEBOX_RETENTION_DAYS", "50")
    assert only_line(valuebox(*command)[0]) == nothing.format(0)
    monkeypatch.setenv("VALUEBOX_RETENTION_DAYS", "30")
    assert only_line(valuebox(*command, "--days", "50")[0]) == nothing.format(0)
    assert only_line(valuebox(*command)[0]) == (
        "deleted: 3 features, 3 predictions, 1 outcomes, 0 events, 0 customers, "
        f"0 answers with features, 0 predicted responses, {handle}, 0 expired keys"
    )


@pytest.mark.parametrize("days", ["0", "-1", "nan", "inf", "soon"])
def test_no_number_of_days_is_refused(store: Store, days: str) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    _, said = valuebox("db", "prune", "--days", days, "--database-url", url, exit_code=2)
    assert "days" in said


def test_a_database_that_is_away_is_one_line() -> None:
    away = f"postgresql://me:{PASSWORD}@127.0.0.1:1/db"
    _, said = valuebox("db", "prune", "--database-url", away, exit_code=2)
    assert "does not answer" in only_line(said)
    assert PASSWORD not in said


def test_expired_keys_go_in_batches_too(store: Store) -> None:
    old = datetime.now(UTC) - 2 * DAY
    with store.writing() as session:
        session.add_all(
            IdempotentRequest(
                caller_id="",
                key=f"{n}",
                body_sha256="",
                request_id=new_id(),
                claimed_at=old - timedelta(seconds=n),
            )
            for n in range(BATCH + 10)
        )
    with store.writing() as session:
        first = Replays(DAY).prune(session)
        assert first.deleted == {"claims": BATCH}
        assert Replays(DAY).prune(session, first.last).deleted == {"claims": 10}
        assert session.scalar(select(func.count()).select_from(IdempotentRequest)) == 0
