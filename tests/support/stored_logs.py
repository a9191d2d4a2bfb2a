"""Made-up logs of events, as they get into a database."""

from random import Random
from typing import Any

from support.features_by_hand import content_id
from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.repository import put_events
from valuebox.facts.schemas import Event
from valuebox.store.engine import Store


def storable(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What `POST /v1/events` takes of a log, each with an id."""
    found = []
    for place, one in enumerate(log):
        event = {name: value for name, value in one.items() if value not in (None, "")}
        event.setdefault("id", content_id(event, place))
        if ("customer" in event or "session" in event) and {"type", "source"} <= event.keys():
            amount = event.get("amount")
            if isinstance(amount, str) or (amount and abs(amount) > 1e12):
                del event["amount"]
            found.append(event)
    return found


def stored_in_any_order(store: Store, log: list[dict[str, Any]], seed: int) -> None:
    """Store events in several requests; of doubled ids the first of the log comes first."""
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for one in log:
        first.setdefault((one["source"], one["id"]), one)
    events = list(first.values())
    Random(seed).shuffle(events)
    later = [one for one in log if first[one["source"], one["id"]] is not one]
    for part in (events[::2], events[1::2], later):
        if part:
            rows = [Event.model_validate(_sent(one)) for one in part]
            with store.writing() as session:
                put_events(session, ArrivingEvents.of(rows))


def _sent(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "received_at"}
