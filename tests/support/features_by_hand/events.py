"""Events as they were sent, read into objects: whose, when, by which id, and which of doubled ones.

Moments are whole microseconds since 1970 in UTC.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from support.features_by_hand.values import number

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OWN = frozenset(
    {"source", "id", "customer", "session", "type", "time", "amount", "currency", "received_at"}
)
"""The names that are an event's own; all others are members of its properties."""


@dataclass(frozen=True, eq=False)
class Event:
    """An event; None is missing."""

    source: str
    id: str | None
    customer: str | None
    session: str | None
    type: str | None
    time: int
    amount: float | None
    currency: str | None
    properties: dict[str, Any]
    received_at: int

    def own(self, name: str) -> Any:
        """The value of one of the `OWN` names, moments as seconds since 1970."""
        value = getattr(self, name)
        return value / SECOND if name in ("time", "received_at") else value

    def order(self) -> tuple[int, str]:
        """Rule 1: the order is (time, id), ids by code points."""
        return self.time, self.id or ""


def microseconds(moment: str | datetime) -> int:
    """A moment, or its ISO 8601 text, as microseconds since 1970; UTC where no zone is given."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(time: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return EPOCH + timedelta(microseconds=time)


def content_id(event: dict[str, Any], ordinal: int) -> str:
    """Rule 1: the id of an event that came without one.

    Args:
        event: As it was sent.
        ordinal: How many of the same content came before in the upload.
    """
    content = [
        *(event.get(name) for name in ("source", "customer", "session", "type")),
        microseconds(event["time"]),
        *(event.get(name) for name in ("amount", "currency", "properties")),
    ]
    written = json.dumps(
        _unpointed(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return f"{hashlib.sha256(written.encode()).hexdigest()[:32]}-{ordinal}"


def _unpointed(value: Any) -> Any:
    """The same JSON, where whole numbers have no point."""
    if isinstance(value, dict):
        return {name: _unpointed(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_unpointed(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read(
    sent: list[dict[str, Any]],
    currency: str | None,
    id_of: Callable[[dict[str, Any], int], str],
) -> list[Event]:
    """The events of an upload in the order of (time, id), each once.

    Args:
        sent: In the order of the file.
        currency: That of the amounts that are read, None for all.
        id_of: Makes an id of an event without one, and of the ordinal of its content.
    """
    contents: dict[str, int] = {}
    events = []
    for event in sent:
        found = event.get("id")
        if not found:
            content = id_of(event, 0)
            found = id_of(event, contents.get(content, 0))
            contents[content] = contents.get(content, 0) + 1
        events.append(_event(event, found, currency))
    return sorted(without_doubles(events), key=Event.order)


def without_doubles(events: list[Event]) -> list[Event]:
    """Rule 1: of events with the same source and id the first received stays, else the first."""
    kept: dict[tuple[str, str | None], Event] = {}
    for event in events:
        key = event.source, event.id
        if key not in kept or event.received_at < kept[key].received_at:
            kept[key] = event
    return list(kept.values())


def _event(event: dict[str, Any], found: str, currency: str | None) -> Event:
    time = microseconds(event["time"])
    received = event.get("received_at")
    amount = number(event.get("amount"))
    # Rule 14: a currency at the top chooses the amounts that are read.
    read_here = currency is None or event.get("currency") == currency
    return Event(
        source=event["source"],
        id=found,
        customer=event.get("customer") or None,
        session=event.get("session") or None,
        type=event["type"],
        time=time,
        amount=amount if read_here else None,
        currency=event.get("currency") or None,
        properties=event.get("properties") or {},
        # Rule 1: received when it happened, where nobody tells.
        received_at=microseconds(received) if received else time,
    )
