"""A shop whose customers were predicted to respond, some time ago, and what they did."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, Final

import numpy as np
from sqlalchemy.orm import Session

from support.facts import event, put_events
from support.sums import AT_ONCE, some_time_ago
from valuebox.compartments.contract import People
from valuebox.compartments.response import repository
from valuebox.compartments.response.compartment import COMPARTMENT
from valuebox.compartments.response.features import Cell
from valuebox.compartments.response.ledger import LEDGER
from valuebox.features.bins import SHARE_EDGES, CategoryBins, NumberBins, Reference
from valuebox.predictions.sums.folding import Folding
from valuebox.predictions.sums.models import Note, register
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox.store.writing import write

CELLS: Final = [Cell("bought", None), Cell("bought", "thai")]
TAG: Final = "response:a"
START: Final = datetime(2025, 8, 1, tzinfo=UTC)
REFERENCE: Final = Reference(
    numbers={
        "days known": NumberBins(
            edges=[10.0], names=["few", "many", "missing"], users=[500, 500, 0]
        )
    },
    categories={"city": CategoryBins(values=["Lisbon"], rarer=["Porto"], users=[600, 400, 0, 0])},
    predictions=[10] * (len(SHARE_EDGES) + 1),
)


def opened(store: Store) -> Store:
    """A database of a shop that was watched for long, and of a model that serves it."""
    put_events(store, *(bought(f"w{day}", "watcher", day) for day in (-90, 300)))
    with store.writing() as session:
        note = Note(TAG, START - timedelta(days=5), REFERENCE, {"moves": {"bought": 0.1}})
        register(session, LEDGER, note)
    return store


def forget(session: Session, *customers: str) -> int:
    """Forget customers of the shop, as `valuebox users forget` does, and say how many rows."""
    (personal,) = COMPARTMENT.personal
    return sum(personal.forget(session, People("shop", customers)).values())


def bought(
    name: str, who: str, day: float, category: str | None = None, response: str = "bought"
) -> dict[str, object]:
    """An event of a customer, so many days after `START`."""
    when = (START + timedelta(days=day)).isoformat()
    told = {"category": category} if category else None
    return event(name, customer=who, type=response, time=when, session=None, properties=told)


def predict(
    store: Store, first: int, count: int, chance: float, day: int = 0, known: float = 20.0
) -> None:
    """Store that customers respond with a chance, and to thai food with half of it."""
    said = np.column_stack([np.full(count, chance), np.full(count, chance / 2)])
    predict_each(store, first, said, day, known)


def predict_each(
    store: Store,
    first: int,
    chances: Any,
    day: int = 0,
    known: float = 20.0,
    cells: Sequence[Cell] = CELLS,
) -> None:
    """Store what is said of customers, a while ago, so that it can be added up.

    Args:
        store: Where to.
        first: Id of the first customer; the others follow.
        chances: `(n_customers, n_cells)`.
        day: Of the start of the period, after `START`.
        known: Days that every second customer has been known.
        cells: What they respond with.
    """
    count = len(chances)
    keys = [("shop", str(first + number)) for number in range(count)]
    said = repository.answer(keys, cells, chances, TAG, START + timedelta(days=day), 30)
    told = [
        {"days known": known if number % 2 else 3.0, "city": ["Lisbon", "Porto"][number % 5 > 2]}
        for number in range(count)
    ]
    with some_time_ago(), store.writing() as session:
        write(session, repository.new_rows(new_id(), said, cells, chances, told, "category"))


def fold(store: Store) -> None:
    """Judge what is over, and add everything to the sums."""
    Folding(store, LEDGER, AT_ONCE).fold(Event(), patient=True)


def season(store: Store, customers: int = 300, liked: str = "like") -> None:
    """Half a year of predictions that have come true, of three responses.

    Purchases happen as often as was said, those of thai food less and less often; `liked` is what
    the third response is called.
    """
    opened(store)
    cells = [*CELLS, Cell(liked, None)]
    rng = np.random.default_rng(0)
    for month, day in enumerate((0, 31, 61, 92, 122, 153)):
        chance = rng.beta(1.2, 5, customers)
        chances = np.column_stack([chance, chance * 0.6, rng.beta(4, 6, customers)])
        predict_each(store, 0, chances, day, 20.0 - 3 * (month > 3), cells)
        happened = rng.random(customers) < chance
        is_thai = rng.random(customers) < 0.6 * 0.8**month
        likes = rng.random(customers) < chances[:, 2]
        events = [
            bought(f"{day}-{who}", str(who), day + 3, "thai" if is_thai[who] else "french")
            for who in np.flatnonzero(happened)
        ]
        events += [
            bought(f"{day}-{who}-liked", str(who), day + 4, None, liked)
            for who in np.flatnonzero(likes)
        ]
        put_events(store, *events)
