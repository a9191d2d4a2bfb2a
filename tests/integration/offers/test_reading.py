"""Decisions are read as they were stored, with what came of them."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import true
from support.offers import FIRST, OFFERS, event, known, stored

from valuebox.compartments.offers.decisions import DAY, Decisions
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.repository import New, rows_of
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import put_events
from valuebox.features.declared.columns import Coded, values
from valuebox.store.engine import Store
from valuebox.store.writing import write

COUNT = 40


@pytest.fixture
def features(store: Store) -> list[dict[str, Any]]:
    """What was known at decisions about two players, an hour apart; every third offer is bought."""
    random, kept, events = Random(1), [], []
    with store.writing() as session:
        for number in range(COUNT):
            at, named = FIRST + timedelta(hours=number), f"session {number}"
            kept.append(known(random))
            more = {"colour": "red"} if number % 2 else {"size": 1}
            asked, decision = stored(
                at,
                number % 3,
                named,
                features=kept[-1],
                candidates=[one | more for one in OFFERS],
            )
            asked = asked.model_copy(update={"customer": f"player {number % 2}"})
            write(session, rows_of([New(asked, decision, None)]))
            offer, whose = OFFERS[number % 3], (asked.customer, named, at)
            if number % 5:
                events.append(event("offer_shown", *whose, None, offer))
            if number % 3 == 0:
                of = {"sku": offer["offer_type"], "purchase_source": "offer"}
                events.append(event("purchase", *whose, offer["offer_price"], of))
        put_events(session, ArrivingEvents.of(events))
    return kept


def decisions_of(store: Store, newest: int | None = None) -> Decisions:
    with store.reading() as session:
        found = read(session.connection(), FIRST + timedelta(days=3), true(), newest)
    assert len(found.ids) == len(found.decisions)
    return found.decisions


def test_columns_are_what_was_stored(store: Store, features: list[dict[str, Any]]) -> None:
    found = decisions_of(store)
    rows = range(COUNT)
    for name, column in found.features.items():
        assert values(column, list(rows)) == [one[name] for one in features], name  # type: ignore[arg-type]
    hours = (found.time - found.time[0]) // (DAY // 24)
    assert hours.tolist() == list(rows)
    assert found.choice.tolist() == [number % 3 for number in rows]
    assert found.customer.tolist() == [number % 2 for number in rows]
    assert found.price.tolist() == [one["offer_price"] for one in OFFERS] * COUNT
    assert found.propensity.tolist() == pytest.approx([1 / 3] * 3 * COUNT)
    colour = found.properties["colour"]
    assert isinstance(colour, Coded)
    every = list(range(3 * COUNT))
    reds = ["red" if place // 3 % 2 else None for place in every]
    assert values(colour, every) == reds  # type: ignore[arg-type]
    bought = [OFFERS[0]["offer_price"] if number % 3 == 0 else 0 for number in rows]
    assert found.own.tolist() == bought
    assert found.shown.tolist() == [number % 5 > 0 or number % 3 == 0 for number in rows]


@pytest.mark.usefixtures("features")
def test_of_many_the_newest_are_read(store: Store) -> None:
    whole, some = decisions_of(store), decisions_of(store, 10)
    assert some.time.tolist() == whole.time[-10:].tolist()
    assert some.own.tolist() == whole.own[-10:].tolist()
    assert some.rest.tolist() == whole.rest[-10:].tolist()
    assert len(decisions_of(store, 1_000)) == COUNT


def test_without_decisions_nothing_is_read(store: Store) -> None:
    assert len(decisions_of(store)) == 0
    assert len(decisions_of(store, 5)) == 0
