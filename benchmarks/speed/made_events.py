"""Events that are made up for benchmarks, as files, requests and endpoints have them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from valuebox.facts import repository
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.schemas import MAX_ROWS, Events
from valuebox.store.engine import Store

COLUMNS: Final = ("source", "id", "customer", "type", "time", "amount", "currency", "properties")
CATEGORIES: Final = ("japanese", "chinese", "french", "german", "italian", "mexican", "vietnamese")
TYPES: Final = ("bought", "like", "share", "nothing")


def made(batch: int) -> dict[str, list[Any]]:
    """A batch of different events, by column."""
    rng = np.random.default_rng(batch)
    bought = rng.integers(4, size=MAX_ROWS)
    first = datetime(2025, 1, 1, tzinfo=UTC)
    seconds = rng.uniform(0, 365 * 86_400, MAX_ROWS).tolist()
    return {
        "id": [f"e{batch * MAX_ROWS + n}" for n in range(MAX_ROWS)],
        "customer": [f"{n}" for n in rng.integers(200_000, size=MAX_ROWS)],
        "type": [TYPES[n] for n in bought],
        "time": [first + timedelta(seconds=one) for one in seconds],
        "amount": [round(float(one), 2) if kind == 0 else None
                   for one, kind in zip(rng.uniform(1, 20, MAX_ROWS), bought, strict=True)],
        "currency": ["USD" if kind == 0 else None for kind in bought],
        "category": [CATEGORIES[n] for n in rng.integers(len(CATEGORIES), size=MAX_ROWS)],
        "meal": rng.integers(900, size=MAX_ROWS).tolist(),
    }  # fmt: skip


def rows(columns: dict[str, list[Any]], source: str) -> Iterator[dict[str, Any]]:
    """The same as requests hold them."""
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        properties = {"category": row.pop("category"), "meal": row.pop("meal")}
        yield {"source": source, **row, "properties": properties}


def body_of(columns: dict[str, list[Any]], source: str) -> bytes:
    """A batch as a request sends it."""
    return json.dumps(list(rows(columns, source)), default=str).encode()


def raw_body_of(columns: dict[str, list[Any]], source: str) -> bytes:
    """A batch as a game would send it: with names of its own, amounts as texts, and without ids."""
    events = [
        {
            "event_id": "purchase_made" if kind == "bought" else kind,
            "event_time": f"{time:%Y-%m-%dT%H:%M:%S.%f}",
            "customer_identifier": customer,
            "category": category,
            "meal": meal,
            **({} if amount is None else {"txn_amount": f"{amount}", "currency": "USD"}),
        }
        for customer, kind, time, amount, category, meal in zip(
            *(columns[name] for name in ("customer", "type", "time", "amount", "category", "meal")),
            strict=True,
        )
    ]
    return json.dumps({"mapping": "game", "source": source, "events": events}).encode()


def parsed(columns: dict[str, list[Any]], source: str) -> ArrivingEvents:
    """A batch as an endpoint has it once it has parsed."""
    found: ArrivingEvents = Events.read(body_of(columns, source)).columns
    return found


def put_batch(store: Store, events: ArrivingEvents) -> None:
    """Store a batch in a transaction of its own."""
    with store.writing() as session:
        check(repository.put_events(session, events).added)


def check(added: int) -> None:
    """Refuse figures of a way that does not do its work."""
    if added != MAX_ROWS:
        raise AssertionError(f"{added} events were new, {MAX_ROWS} should have been")
