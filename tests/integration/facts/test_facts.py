"""Customers and events in both databases: each once, whatever comes, whenever it comes."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from support.facts import (
    FIRST,
    customer,
    event,
    put_customers,
    put_events,
    stored_customers,
    stored_events,
)

from valuebox.facts import repository
from valuebox.facts.schemas import Events
from valuebox.store.engine import Store
from valuebox.store.texts import Texts


def test_an_event_is_stored_as_it_was_sent(store: Store) -> None:
    put_events(store, event(1), event(2, session=None, amount=None, currency=None, properties=None))
    events = stored_events(store)
    whole, bare = events["1"], events["2"]
    assert (whole.source, whole.customer, whole.session, whole.type) == (
        *("shop", "c1", "s1"),
        "bought",
    )
    assert whole.time == datetime(2013, 5, 1, 0, 1, tzinfo=UTC)
    assert (whole.amount, whole.currency) == (9.5, "USD")
    assert whole.properties == {"category": "thai", "meal": 7}
    assert bare.session is bare.amount is bare.currency is bare.properties is None


@pytest.mark.parametrize("count", [5, 3_000])
def test_the_same_events_again_change_nothing(store: Store, count: int) -> None:
    sent = [event(number) for number in range(count)]
    assert put_events(store, *sent).added == count
    before = {one.id: one.received_at for one in stored_events(store).values()}
    again = put_events(store, *reversed(sent), event(count))
    assert again.model_dump() == {
        "received": count + 1,
        "added": 1,
        "unchanged": count,
        "doubled": 0,
        "doubled_rows": [],
        "differing": 0,
        "differing_rows": [],
    }
    after = stored_events(store)
    assert {key: after[key].received_at for key in before} == before
    assert len(after) == count + 1


@pytest.mark.parametrize("count", [50, 300])
def test_one_known_event_among_many_new_ones_is_found(store: Store, count: int) -> None:
    put_events(store, event(7), event(31))
    sent = [event(n, amount=1.0 if n == 31 else 9.5) for n in reversed(range(count))]
    told = put_events(store, *sent)
    assert (told.added, told.unchanged, told.differing) == (count - 2, 1, 1)
    assert told.differing_rows == [count - 32]
    assert stored_events(store)["31"].amount == 9.5
    assert len(stored_events(store)) == count


def test_events_of_a_body_keep_what_is_theirs_in_whatever_order_they_come(store: Store) -> None:
    sent = [event(n, amount=float(n), properties={"n": n}) for n in reversed(range(200))]
    columns = Events.read(json.dumps(sent).encode()).columns
    assert isinstance(columns.properties, Texts)
    with store.writing() as session:
        assert repository.put_events(session, columns).added == 200
    for name, one in stored_events(store).items():
        assert (one.amount, one.properties) == (float(name), {"n": int(name)})
    # Of those that come as objects the JSON is written otherwise.
    assert put_events(store, *sent).unchanged == 200


def test_ids_of_two_sources_do_not_meet(store: Store) -> None:
    assert put_events(store, event(1), event(1, source="fair")).added == 2
    assert put_customers(store, customer(1), customer(1, source="fair")).added == 2


CHANGES: list[dict[str, Any]] = [
    {"customer": "other"},
    {"customer": None},
    {"session": None},
    {"type": "like"},
    {"time": "2013-05-01T00:01:00.000001Z"},
    {"amount": 9.75},
    {"amount": None},
    {"currency": "EUR"},
    {"properties": None},
    {"properties": {"category": "thai", "meal": 8}},
    {"properties": {"category": "thai", "meal": "7"}},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_another_event_of_the_same_id_is_reported_and_the_first_one_stays(
    store: Store, change: dict[str, Any]
) -> None:
    put_events(store, event(1))
    told = put_events(store, event(2), event(1, **change), event(1))
    assert (told.added, told.unchanged, told.differing, told.differing_rows) == (1, 1, 1, [1])
    kept = stored_events(store)["1"]
    assert (kept.customer, kept.amount, kept.type) == ("c1", 9.5, "bought")
    assert kept.properties == {"category": "thai", "meal": 7}


def test_the_order_of_properties_makes_no_difference(store: Store) -> None:
    put_events(store, event(1))
    told = put_events(store, event(1, properties={"meal": 7, "category": "thai"}))
    assert (told.unchanged, told.differing) == (1, 0)


def test_of_two_events_in_one_request_the_first_counts(store: Store) -> None:
    told = put_events(store, event(1), event(1, amount=1.0), event(1))
    assert (told.received, told.added, told.unchanged) == (3, 1, 0)
    assert (told.differing_rows, told.doubled_rows) == ([1], [2])
    assert stored_events(store)["1"].amount == 9.5


def test_equal_events_of_one_request_are_counted_and_named(store: Store) -> None:
    sent = [event(1), event(2), event(1), event(3), event(2), event(2)]
    first = put_events(store, *sent)
    assert (first.added, first.unchanged, first.doubled) == (3, 0, 3)
    assert first.doubled_rows == [2, 4, 5]
    again = put_events(store, *sent)
    assert (again.added, again.unchanged, again.doubled_rows) == (0, 3, [2, 4, 5])
    # What is stored comes behind what differs from it: it is not sent twice.
    mixed = put_events(store, event(1, amount=1.0), event(1), event(1, amount=1.0))
    assert (mixed.unchanged, mixed.doubled, mixed.differing_rows) == (1, 0, [0, 2])


def test_true_is_another_value_than_one(store: Store) -> None:
    put_events(store, event(1, properties={"new": 1}))
    assert put_events(store, event(1, properties={"new": 1.0})).unchanged == 1
    assert put_events(store, event(1, properties={"new": True})).differing == 1
    put_customers(store, customer(1, attributes={"new": 1}))
    assert put_customers(store, customer(1, attributes={"new": 1.0})).unchanged == 1
    assert put_customers(store, customer(1, attributes={"new": True})).corrected == 1
    assert stored_customers(store)["1"].attributes == {"new": True}


def test_customers_are_added_corrected_and_left_alone(store: Store) -> None:
    assert put_customers(store, customer(1), customer(2)).added == 2
    first = stored_customers(store)
    told = put_customers(
        store, customer(1), customer(2, attributes={"campaign": "FB"}), customer(3, created=None)
    )
    assert told.model_dump() == {
        "received": 3,
        "added": 1,
        "corrected": 1,
        "unchanged": 1,
        "doubled": 0,
        "doubled_rows": [],
    }
    then = stored_customers(store)
    assert then["1"].changed_at == first["1"].changed_at
    assert then["2"].received_at == first["2"].received_at
    assert then["2"].changed_at > first["2"].changed_at
    assert then["2"].attributes == {"campaign": "FB"}
    assert (then["3"].created, then["2"].created) == (None, FIRST)


def test_what_is_not_told_of_a_customer_stays(store: Store) -> None:
    put_customers(store, customer(1))
    assert put_customers(store, customer(1, created=None, attributes=None)).unchanged == 1
    assert put_customers(store, customer(1, created=None, attributes={})).unchanged == 1
    known = stored_customers(store)["1"]
    assert (known.created, known.attributes) == (FIRST, {"campaign": "TW"})


def test_two_who_tell_of_a_customer_in_turn_do_not_undo_each_other(store: Store) -> None:
    shop = customer(1, attributes={"campaign": "TW", "plan": {"name": "basic", "trial": True}})
    survey = customer(1, created=None, attributes={"age": 31, "plan": {"name": "pro"}})
    assert put_customers(store, shop).added == 1
    assert put_customers(store, survey).corrected == 1
    known = stored_customers(store)["1"]
    assert (known.created, known.attributes) == (
        FIRST,
        # An object is one value: what is in it is not told by itself.
        {"campaign": "TW", "plan": {"name": "pro"}, "age": 31},
    )
    assert put_customers(store, survey).unchanged == 1
    assert put_customers(store, customer(1, attributes={"age": 31})).unchanged == 1


def test_an_attribute_that_is_null_is_removed(store: Store) -> None:
    told = {"campaign": "TW", "age": None}
    assert put_customers(store, customer(1, attributes=told)).added == 1
    assert stored_customers(store)["1"].attributes == {"campaign": "TW"}
    assert put_customers(store, customer(1, attributes=told)).unchanged == 1
    assert put_customers(store, customer(1, attributes={"campaign": None})).corrected == 1
    assert stored_customers(store)["1"].attributes == {}
    put_customers(store, customer(2, attributes=None))
    assert stored_customers(store)["2"].attributes is None
    assert put_customers(store, customer(2, attributes={"age": None})).corrected == 1
    assert stored_customers(store)["2"].attributes == {}


def test_a_customer_sent_twice_is_told_of_twice(store: Store) -> None:
    told = put_customers(
        store,
        customer(1, attributes={"campaign": "TW", "age": 31}),
        customer(2),
        customer(1, created=None, attributes={"campaign": "PI"}),
        customer(1, created="2014-01-01", attributes={"age": None}),
    )
    assert (told.received, told.added, told.doubled) == (4, 2, 2)
    assert told.doubled_rows == [2, 3]
    known = stored_customers(store)["1"]
    assert known.attributes == {"campaign": "PI"}
    assert known.created == datetime(2014, 1, 1, tzinfo=UTC)
    again = put_customers(store, customer(1, attributes={"age": 5}), customer(1))
    assert (again.corrected, again.doubled) == (1, 1)
    assert stored_customers(store)["1"].attributes == {"campaign": "TW", "age": 5}


def test_counts_add_up_to_what_was_received(store: Store) -> None:
    put_customers(store, *(customer(n) for n in range(300)))
    put_events(store, *(event(n) for n in range(300)))
    people = [customer(n, attributes={"campaign": "TW" if n % 3 else "FB"}) for n in range(400)]
    of_people = put_customers(store, *people, *people[100:250])
    assert of_people.model_dump(exclude={"doubled_rows"}) == {
        "received": 550,
        "added": 100,
        "corrected": 100,
        "unchanged": 200,
        "doubled": 150,
    }
    happened = [event(n, amount=9.5 if n % 3 else 1.0) for n in range(400)]
    of_events = put_events(store, *happened, *happened[350:])
    assert of_events.model_dump(exclude={"doubled_rows", "differing_rows"}) == {
        "received": 450,
        "added": 100,
        "unchanged": 200,
        "doubled": 50,
        "differing": 100,
    }


@pytest.mark.parametrize("put", [put_events, put_customers])
def test_threads_with_the_same_rows_store_each_once(postgres_store: Store, put: Any) -> None:
    made = event if put is put_events else customer
    gate = Barrier(4, timeout=30)

    def race(thread: int) -> int:
        added = 0
        for turn in range(5):
            ids = range(turn * 100, turn * 100 + 300)
            gate.wait()
            order = ids if thread % 2 else reversed(ids)
            added += put(postgres_store, *(made(number) for number in order)).added
        return added

    with ThreadPoolExecutor(4) as pool:
        added = sum(pool.map(race, range(4)))
    if put is put_events:
        assert len(stored_events(postgres_store)) == added == 700
    else:
        assert len(stored_customers(postgres_store)) == 700


def test_threads_that_tell_of_the_same_customers_undo_nothing(postgres_store: Store) -> None:
    gate = Barrier(4, timeout=30)

    def race(thread: int) -> int:
        gate.wait()
        order = range(300) if thread % 2 else reversed(range(300))
        return put_customers(
            postgres_store, *(customer(n, attributes={f"of {thread}": n}) for n in order)
        ).added

    with ThreadPoolExecutor(4) as pool:
        added = sum(pool.map(race, range(4)))
    assert added == 300
    for number, known in stored_customers(postgres_store).items():
        assert known.attributes == {f"of {thread}": int(number) for thread in range(4)}
