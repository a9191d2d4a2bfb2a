"""Loaded by Schemathesis itself, named in its environment variable `SCHEMATHESIS_HOOKS`."""

from itertools import cycle, islice
from typing import Any

import schemathesis

_USERS = 20


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, kwargs: Any) -> None:
    """Say what JSON Schema has no words for.

    It calls 7.0 an integer. The service refuses it: beyond 2^53 a reader of floats has rounded
    such an id before anybody could notice.
    """
    case.body = _even(_whole(case.body))


def _whole(body: Any) -> Any:
    if isinstance(body, float) and body.is_integer():
        return int(body)
    if isinstance(body, list):
        return [_whole(item) for item in body]
    if isinstance(body, dict):
        return {name: _whole(item) for name, item in body.items()}
    return body


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
