"""Loaded by Schemathesis itself, named in its environment variable `SCHEMATHESIS_HOOKS`."""

from itertools import cycle, islice
from typing import Any

import schemathesis


@schemathesis.hook
def map_body(_: schemathesis.HookContext, body: Any) -> Any:
    """Whole numbers without a decimal point.

    JSON Schema calls 7.0 an integer and cannot say otherwise. The service refuses it: beyond 2^53
    a reader of floats has rounded such an id before anybody could notice.
    """
    if isinstance(body, float) and body.is_integer():
        return int(body)
    if isinstance(body, list):
        return [map_body(_, item) for item in body]
    if isinstance(body, dict):
        return _even({name: map_body(_, item) for name, item in body.items()})
    return body


def _even(table: dict[str, Any]) -> dict[str, Any]:
    """Columns as long as that of the users, where this is a table.

    JSON Schema has no words for that; the service insists on it.
    """
    users = table.get("user_id")
    if not isinstance(users, list):
        return table
    return {
        name: list(islice(cycle(values), len(users))) if isinstance(values, list) else values
        for name, values in table.items()
        if values != []
    }
