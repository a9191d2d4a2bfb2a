"""Loaded by Schemathesis itself, named in its environment variable `SCHEMATHESIS_HOOKS`."""

from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any
from zoneinfo import available_timezones

import schemathesis

_USERS = 20
_RAW = {"event_id": "game_end", "event_time": "2017-08-14T17:54:28", "customer_identifier": "F493"}
"""What the shipped mapping asks of every event."""


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, kwargs: Any) -> None:
    """Say what JSON Schema has no words for.

    It calls 7.0 an integer. The service refuses it: beyond 2^53 a reader of floats has rounded
    such an id before anybody could notice. Nor does it know the names of time zones, or that a
    period ends after it starts, or which names a mapping of raw events asks for, or that a list has
    every item of a shop once.
    """
    case.body = _each_once(_mapped(_timely(_even(_whole(case.body)))))


def _each_once(body: Any) -> Any:
    """Items of shops, each once in a list."""
    if not isinstance(body, list) or not all(isinstance(one, dict) for one in body):
        return body
    found = {(str(one.get("source")), str(one.get("id"))): one for one in body}
    is_of_items = all("id" in one and "source" in one for one in body)
    return list(found.values()) if is_of_items else body


def _mapped(body: Any) -> Any:
    """Raw events by a mapping that is there, with the names that it asks for."""
    mapping = body.get("mapping") if isinstance(body, dict) else None
    events = body.get("events") if isinstance(body, dict) else None
    if not (isinstance(mapping, str) and 0 < len(mapping) <= 100 and isinstance(events, list)):
        return body
    named = [{**one, **_RAW} if isinstance(one, dict) else one for one in events]
    return {**body, "mapping": "game", "events": named}


def _whole(body: Any) -> Any:
    if isinstance(body, float) and body.is_integer():
        return int(body)
    if isinstance(body, list):
        return [_whole(item) for item in body]
    if isinstance(body, dict):
        return {name: _whole(item) for name, item in body.items()}
    return body


def _timely(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    found = {name: _timely(value) for name, value in body.items()}
    if isinstance(zone := found.get("timezone"), str) and zone not in available_timezones():
        found["timezone"] = "Europe/Berlin"
    start, end = found.get("start"), found.get("end")
    if isinstance(start, str) and isinstance(end, str) and _moment(start) >= _moment(end):
        found["end"] = None
    return found


def _moment(text: str) -> datetime:
    """What cannot be read is the service's to refuse, in whatever order."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _even(table: Any) -> Any:
    """The columns of a table as long as that of its users; the service insists on it.

    Some users are enough: thousands, with columns to match, would pass the limit of a body.
    """
    users = table.get("user_id") if isinstance(table, dict) else None
    if not isinstance(users, list):
        return table
    count = min(len(users), _USERS)
    return {
        name: list(islice(cycle(values), count)) if isinstance(values, list) else values
        for name, values in table.items()
        if values != []
    }
