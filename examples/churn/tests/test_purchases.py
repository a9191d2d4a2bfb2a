"""A purchase is the same for training, in NumPy, and for judging, in SQL."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import insert, select
from valuebox_churn.model import purchases
from valuebox_churn.tables import bought

from valuebox.compartments.api import Base, Choice, Customer, Event, Store, make_engine, read_facts

START = datetime(2025, 1, 1, tzinfo=UTC)
AMOUNTS = (None, -5.0, -0.01, 0.0, 0.01, 12.5)
TYPES = ("bought", "viewed", "bought again", "Bought")


def random_events(rng: np.random.Generator, count: int) -> list[dict[str, object]]:
    """Events of ten customers, and of nobody, some of which are purchases."""
    found = []
    for number in range(count):
        amount = AMOUNTS[rng.integers(len(AMOUNTS))]
        customer = int(rng.integers(11))
        found.append(
            {
                "source": "shop",
                "id": f"e{number}",
                "customer": f"{customer}" if customer else None,
                "type": TYPES[rng.integers(len(TYPES))],
                "time": START + timedelta(minutes=number),
                "amount": amount,
                "currency": None if amount is None else "EUR",
                "received_at": START,
            }
        )
    return found


def test_training_and_judging_mean_the_same_events(tmp_path: Path) -> None:
    store = Store(make_engine(f"sqlite:///{tmp_path}/shop.db"))
    Base.metadata.create_all(store.engine)
    events = random_events(np.random.default_rng(0), 500)
    customers = [
        {"source": "shop", "id": f"{number}", "received_at": START, "changed_at": START}
        for number in range(1, 11)
    ]
    with store.writing() as session:
        session.execute(insert(Customer), customers)
        session.execute(insert(Event), events)
    with store.reading() as session:
        known = select(Event.customer, Event.time).where(Event.customer.is_not(None))
        judged = [tuple(row) for row in session.execute(known.where(bought("bought")))]
    facts = read_facts(store, Choice())
    counts = purchases(facts, "bought") > 0
    who = facts.customers.id[facts.events.customer[counts]]
    when = [one.replace(tzinfo=UTC) for one in facts.events.time[counts].tolist()]
    assert Counter(zip(who, when, strict=True)) == Counter(judged)
    assert 20 < len(judged) < 480
    store.close()
