"""Features of customers are those that plain Python works out of their events."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert
from valuebox_churn.model import WINDOWS, features

from valuebox.compartments.api import Base, Choice, Customer, Event, Store, make_engine, read_facts

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)
SOURCES = ("shop", "web shop")
EDGES = [timedelta(days=days) for days in (0, 30, 90, 365)]
EDGES += [edge + timedelta(microseconds=one) for edge in EDGES for one in (-1, 1)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(make_engine(f"sqlite:///{tmp_path}/shop.db"))
    Base.metadata.create_all(opened.engine)
    yield opened
    opened.close()


def random_events(rng: np.random.Generator, count: int) -> list[dict[str, Any]]:
    """Events at the edges of windows and between, of equal seconds, of nobody and of strangers."""
    found = []
    for number in range(count):
        ago = (
            EDGES[rng.integers(len(EDGES))]
            if number % 2
            else timedelta(hours=int(rng.integers(9_999)))
        )
        amount = (None, -5.0, 0.0, 0.1, 12.34)[rng.integers(5)]
        who = int(rng.integers(9))
        found.append(
            {
                "source": SOURCES[rng.integers(2)],
                "id": f"e{number}",
                "customer": f"{who}" if who else None,
                "type": ("bought", "viewed", 'it\'s "`odd`"')[rng.integers(3)],
                "time": AT - ago,
                "amount": amount,
                "currency": None if amount is None else "EUR",
                "received_at": AT,
            }
        )
    return found


def by_hand(events: Sequence[dict[str, Any]], type_: str) -> list[float]:
    """The features of a customer, of what the customer did."""
    bought = [
        one for one in events
        if one["type"] == type_ and one["time"] < AT and not (one["amount"] or 0) < 0
    ]  # fmt: skip
    days = [(AT - one["time"]) / timedelta(days=1) for one in bought]
    found = [min(days, default=3_650.0)]
    for within in WINDOWS:
        paid = [one["amount"] or 0 for one, ago in zip(bought, days, strict=True) if ago <= within]
        found += [len(paid), sum(paid)]
    return [math.log1p(one) for one in found]


@pytest.mark.parametrize("type_", ["bought", 'it\'s "`odd`"', "never"])
def test_features_are_as_worked_out_by_hand(store: Store, type_: str) -> None:
    events = random_events(np.random.default_rng(4), 1_000)
    keys = [(source, f"{number}") for source in SOURCES for number in range(1, 8)]
    times = {"received_at": AT, "changed_at": AT}
    with store.writing() as session:
        session.execute(
            insert(Customer), [{"source": one, "id": id_, **times} for one, id_ in keys]
        )
        session.execute(insert(Event), events)
    facts = read_facts(store, Choice())
    chosen = np.array([9, 2, 0, 13])
    found = features(facts, np.datetime64(AT.replace(tzinfo=None), "us"), chosen, type_)
    for row, place in zip(found, chosen, strict=True):
        theirs = [one for one in events if (one["source"], one["customer"]) == keys[place]]
        assert row.tolist() == pytest.approx(by_hand(theirs, type_), rel=1e-9)
