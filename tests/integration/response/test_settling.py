"""A month of predicted responses, and what came true of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event as Stop
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import delete, select, update
from support.facts import customer, event, put_customers, put_events
from support.pruning import pruning
from support.responded import forget
from support.sums import clock_off

from valuebox.compartments.contract import People
from valuebox.compartments.response import repository
from valuebox.compartments.response.compartment import COMPARTMENT
from valuebox.compartments.response.features import Cell
from valuebox.compartments.response.settling import note_category, settle
from valuebox.compartments.response.tables import (
    ResponseFeatures,
    ResponseOutcome,
    ResponsePrediction,
)
from valuebox.facts.tables import Event
from valuebox.predictions import settling
from valuebox.predictions.periods import PredictedPeriod
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox.store.writing import write

START = datetime(2025, 10, 1, tzinfo=UTC)
END = START + timedelta(days=30)
SETTLED = END + timedelta(days=2)
CELLS = [Cell("bought", None), Cell("bought", "thai"), Cell("like", None), Cell("like", "thai")]
_numbers: Iterator[int] = iter(range(10**9))


def did(who: str, day: float, kind: str = "bought", **fields: Any) -> dict[str, Any]:
    """An event so many days after the start."""
    when = (START + timedelta(days=day)).isoformat()
    given = {"customer": who, "type": kind, "time": when, "session": None} | fields
    return event(f"e{next(_numbers)}", **given)


def predicted(
    store: Store, *whom: str, source: str = "shop", start: datetime = START, told: str = "category"
) -> UUID:
    """Predictions of a request."""
    keys = [(source, one) for one in whom]
    chances = np.full((len(whom), len(CELLS)), 0.25)
    said = repository.answer(keys, CELLS, chances, "response:a", start, 30)
    known = [{"days known": 3.0}] * len(whom)
    request = new_id()
    with store.writing() as session:
        write(session, repository.new_rows(request, said, CELLS, chances, known, told))
    return request


def settled(store: Store, until: datetime = SETTLED) -> int:
    """Settle until there is nothing more to write, as the upkeep does."""
    written = 0
    while True:
        with store.writing() as session:
            some = settle(session, until)
        if not some:
            return written
        written += some


def came(store: Store, request: UUID | None = None) -> dict[str, list[float | None]]:
    """What came true, by customer and in the order of `CELLS`; None where it is not known."""
    said, outcome = ResponsePrediction, ResponseOutcome
    query = select(said.customer, outcome.target).outerjoin(outcome, outcome.id == said.id)
    if request is not None:
        query = query.where(said.request_id == request)
    found: dict[str, list[float | None]] = {}
    with store.reading() as session:
        for who, target in session.execute(query.order_by(said.id)):
            found.setdefault(who, []).append(target)
    return found


@pytest.fixture
def shop(store: Store) -> Store:
    """A shop that was watched for longer than the month."""
    put_events(store, did("x", -5), did("x", 31))
    return store


def test_a_response_counts_within_the_period_and_in_its_category(shop: Store) -> None:
    put_events(
        shop,
        did("early", -0.01), did("first", 0), did("last", 29.99), did("late", 30),
        did("french", 3, properties={"category": "french"}), did("none", 3, properties=None),
        did("liked", 3, "like"), did("liked", 5, "like"),
        did("other", 3, "share"), did("refunded", 4, amount=-9.5), did("free", 4, amount=None),
    )  # fmt: skip
    whom = ["early", "first", "last", "late", "french", "none", "liked", "other", "refunded"]
    predicted(shop, *whom, "free", "silent")
    assert settled(shop) == 11 * 4
    assert came(shop) == {
        "early": [0, 0, 0, 0], "first": [1, 1, 0, 0], "last": [1, 1, 0, 0], "late": [0, 0, 0, 0],
        "french": [1, 0, 0, 0], "none": [1, 0, 0, 0], "liked": [0, 0, 1, 1],
        "other": [0, 0, 0, 0], "refunded": [0, 0, 0, 0], "free": [1, 1, 0, 0],
        "silent": [0, 0, 0, 0],
    }  # fmt: skip
    assert settled(shop) == settled(shop, SETTLED + timedelta(days=9)) == 0


def test_a_period_is_judged_when_its_events_have_had_time_to_come(shop: Store) -> None:
    put_events(shop, did("a", 3))
    predicted(shop, "a")
    assert settled(shop, SETTLED - timedelta(minutes=1)) == 0
    assert settled(shop, SETTLED) == 4


def test_of_several_requests_each_is_judged_by_its_own_period(shop: Store) -> None:
    put_events(shop, did("a", 3), did("a", 45), did("x", 75))
    first = predicted(shop, "a", "b")
    later = predicted(shop, "a", start=START + timedelta(days=10))
    latest = predicted(shop, "a", start=START + timedelta(days=40))
    assert settled(shop) == 8
    assert settled(shop, START + timedelta(days=80)) == 8
    assert came(shop, first) == {"a": [1, 1, 0, 0], "b": [0, 0, 0, 0]}
    assert came(shop, later) == {"a": [0, 0, 0, 0]}
    assert came(shop, latest) == {"a": [1, 1, 0, 0]}


@pytest.mark.parametrize(
    ("value", "category"),
    [(7, "7"), (7.0, "7"), (2.5, "2.5"), (True, "true"), ("7", "7"), ("a'\"ü", "a'\"ü")],
)
def test_categories_are_named_as_the_model_reads_them(
    shop: Store, value: Any, category: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "CELLS", [Cell("bought", None), Cell("bought", category)])
    put_events(shop, did("a", 3, properties={"kind of meal": value}))
    put_events(shop, did("b", 3, properties={"category": value}))
    predicted(shop, "a", "b", told="kind of meal")
    settled(shop)
    assert came(shop) == {"a": [1, 1], "b": [1, 0]}


def test_events_that_come_late_correct_what_was_judged(shop: Store) -> None:
    request = predicted(shop, "a", "b")
    assert settled(shop) == 8
    put_events(shop, did("a", 3), did("a", 4), did("b", -3), did("b", 30), did("c", 3))
    assert settled(shop) == 2
    assert came(shop, request) == {"a": [1, 1, 0, 0], "b": [0, 0, 0, 0]}
    put_events(shop, did("b", 12, "like", properties=None))
    assert settled(shop) == 1
    assert came(shop, request) == {"a": [1, 1, 0, 0], "b": [0, 0, 1, 0]}
    assert settled(shop) == 0
    with shop.reading() as session:
        changed = session.scalars(
            select(ResponseOutcome.changed_at).where(ResponseOutcome.target == 1)
        ).all()
        first = session.scalars(
            select(ResponseOutcome.changed_at).where(ResponseOutcome.target == 0)
        ).all()
    assert min(changed) > max(first)


def test_events_that_have_gone_by_age_take_nothing_back(shop: Store) -> None:
    put_events(shop, did("a", 3))
    predicted(shop, "a")
    settled(shop)
    with shop.writing() as session:
        session.execute(delete(Event))
    assert settled(shop, SETTLED + timedelta(days=30)) == 0
    assert came(shop) == {"a": [1, 1, 0, 0]}


@pytest.mark.parametrize("days", [(-5, 26.9), (0.5, 31), (-5,)])
def test_where_nobody_watched_nothing_is_judged(store: Store, days: tuple[float, ...]) -> None:
    put_events(store, *(did("x", day, source="ended") for day in days))
    put_events(store, did("x", -5), did("x", 31), did("a", 3))
    unwatched = predicted(store, "a", source="ended")
    predicted(store, "a")
    assert settled(store) == 4
    assert came(store, unwatched) == {"a": [None] * 4}
    # What has happened before and after comes to be known.
    put_events(store, did("x", -6, source="ended"), did("x", 27.1, source="ended"))
    assert settled(store, SETTLED + timedelta(days=2)) == 4
    assert came(store, unwatched) == {"a": [0, 0, 0, 0]}


def test_an_event_of_a_year_to_come_does_not_watch_a_source(store: Store) -> None:
    put_events(store, did("x", -5), did("x", 400))
    predicted(store, "a")
    assert settled(store) == 0


def test_forgotten_customers_have_neither_features_nor_outcomes(shop: Store) -> None:
    put_customers(shop, customer("a"), customer("b"))
    predicted(shop, "a", "b")
    settled(shop)
    with shop.reading() as session:
        told = [
            one["table"] for one in COMPARTMENT.personal[0].records(session, People("shop", ["a"]))
        ]
    assert told == ["response_predictions"] * 4 + ["response_features"] + ["response_outcomes"] * 4
    with shop.writing() as session:
        assert forget(session, "a") == 4
    assert came(shop) == {"b": [0, 0, 0, 0]}
    with shop.reading() as session:
        assert len(session.scalars(select(ResponseFeatures.id)).all()) == 1
        assert len(session.scalars(select(ResponseOutcome.id)).all()) == 4
    put_events(shop, did("a", 3))
    assert settled(shop) == 0


def test_what_hangs_on_old_predictions_goes_with_them(shop: Store) -> None:
    predicted(shop, "a", "b")
    settled(shop)
    kept = pruning(shop, timedelta(hours=1), timedelta(hours=1))
    assert kept.prune(Stop(), patient=True)["responses"] == 0
    old = pruning(shop, timedelta(seconds=-60), timedelta(hours=1))
    assert old.prune(Stop(), patient=True)["responses"] == 8
    with shop.reading() as session:
        for column in (ResponseFeatures.id, ResponseOutcome.id, PredictedPeriod.request_id):
            assert session.scalars(select(column)).all() == []


def test_what_somebody_is_forgetting_is_not_waited_for(postgres_store: Store) -> None:
    put_events(postgres_store, did("x", -5), did("x", 31))
    predicted(postgres_store, "a", "b")
    with postgres_store.writing() as session:
        gone = ResponsePrediction.customer == "a"
        session.execute(delete(ResponsePrediction).where(gone))
        with postgres_store.writing() as other:
            assert settle(other, SETTLED) == 4
    assert came(postgres_store) == {"b": [0, 0, 0, 0]}


def test_predictions_of_before_are_judged_once_it_is_told_how(shop: Store) -> None:
    put_events(shop, did("a", 3))
    predicted(shop, "a")
    with shop.writing() as session:
        # As the migration notes what it finds.
        session.execute(update(PredictedPeriod).values(judged_by=None))
        session.execute(delete(ResponseFeatures))
    assert settled(shop) == 2
    assert came(shop) == {"a": [1, None, 0, None]}

    class Known:
        tag, category = "response:a", "category"

    with shop.writing() as session:
        note_category(session, Known())  # type: ignore[arg-type]
    assert settled(shop) == 2
    assert came(shop) == {"a": [1, 1, 0, 0]}


def test_what_somebody_else_is_judging_is_left_to_them(postgres_store: Store) -> None:
    put_events(postgres_store, did("x", -5), did("x", 31))
    first, second = predicted(postgres_store, "a"), predicted(postgres_store, "a")
    with postgres_store.writing() as session:
        of_first = (
            select(PredictedPeriod).where(PredictedPeriod.request_id == first).with_for_update()
        )
        session.scalars(of_first).all()
        with postgres_store.writing() as other:
            assert settle(other, SETTLED) == 4
    assert came(postgres_store, second) == {"a": [0, 0, 0, 0]}
    assert came(postgres_store, first) == {"a": [None] * 4}
    assert settled(postgres_store) == 4


def test_many_late_events_are_looked_through_in_batches(
    shop: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valuebox.store.pruning.BATCH", 3)
    predicted(shop, *(f"c{n}" for n in range(9)))
    settled(shop)
    for n in range(9):
        put_events(shop, did(f"c{n}", 3))
    put_events(shop, *(did("x", 12) for _ in range(4)))
    assert settled(shop) == 2 * 9
    assert set(map(tuple, came(shop).values())) == {(1, 1, 0, 0)}


def test_many_periods_that_cannot_be_judged_yet_are_put_off_in_steps(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_PERIODS", 2)
    for _ in range(5):
        predicted(store, "a")
    # None is there before they begin: nobody was watched.
    put_events(store, did("x", 3))
    with monkeypatch.context() as patch, store.writing() as session:
        patch.setattr(settling, "_SECONDS", 0.0)
        assert settle(session, SETTLED) == 1
    with store.reading() as session:
        due = session.scalars(select(PredictedPeriod.due_at).order_by(PredictedPeriod.due_at)).all()
    assert due == [END] * 3 + [END + timedelta(days=1)] * 2
    settled(store)
    put_events(store, did("x", -5), did("x", 31))
    assert settled(store, SETTLED + timedelta(days=1)) == 5 * 4


def test_a_late_event_is_found_whatever_the_clock_of_whoever_stores_it_says(
    postgres_store: Store,
) -> None:
    put_events(postgres_store, did("x", -5), did("x", 31))
    predicted(postgres_store, "a")
    assert settled(postgres_store) == 4
    try:
        with clock_off(-250):
            with postgres_store.reading() as session:
                assert CLOCK.compare(session) == pytest.approx(250, abs=2)
            put_events(postgres_store, did("a", 3))
    finally:
        CLOCK.forget()
    with postgres_store.reading() as session:
        stored = session.scalars(select(Event.received_at).where(Event.customer == "a")).one()
    assert abs(stored - datetime.now(UTC)) < timedelta(seconds=5)
    assert settled(postgres_store) == 2


def test_a_property_with_letters_of_any_alphabet_holds_the_category(shop: Store) -> None:
    put_events(shop, did("a", 3, properties={"größe, 大": "thai"}))
    predicted(shop, "a", "b", told="größe, 大")
    settled(shop)
    assert came(shop) == {"a": [1, 1, 0, 0], "b": [0, 0, 0, 0]}
