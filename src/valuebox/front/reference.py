"""The reference of the API: every endpoint, from what is declared of it."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from valuebox.front.fields import Definitions, Field
from valuebox.serving.endpoint import ROUTES, Route
from valuebox.serving.errors import STATUS_OF
from valuebox.serving.openapi import codes_of, definitions, said_of, schema_of

_MOST_FIELDS = 120
"""Fields of an answer that are listed at most; the OpenAPI document lists all."""


@dataclass(frozen=True)
class Operation:
    """What a reader needs to know of an endpoint."""

    path: str
    method: str
    """How it is asked: by `POST` with a body, or by `GET` with a query."""
    title: str
    description: str
    scopes: list[str]
    """Scopes of which an API key needs one."""
    stores: bool
    """Whether the endpoint takes an `Idempotency-Key`."""
    takes: list[Field]
    answers: list[Field]
    left_out: int
    """Number of fields of the answers that are not listed."""
    example: str
    """An example of a body, as JSON, or of an address with its query."""
    errors: list[tuple[int, str]]
    """Status and code of each error that the endpoint may answer."""


@cache
def operations() -> list[Operation]:
    """All endpoints, by path."""
    known = Definitions(definitions())
    return [_operation(path, route, known) for path, route in sorted(ROUTES.items())]


def _operation(path: str, route: Route, known: Definitions) -> Operation:
    title, description = said_of(route)
    taken = schema_of(route.takes, "validation")
    answered = list(known.fields(schema_of(route.answers, "serialization")))
    given = known.example(taken) if route.takes else {}
    return Operation(
        path=path,
        method=route.http,
        title=title,
        description=description,
        scopes=sorted(route.scopes),
        stores=route.stores,
        takes=list(known.fields(taken)) if route.takes else [],
        answers=answered[:_MOST_FIELDS],
        left_out=max(0, len(answered) - _MOST_FIELDS),
        example=_query(path, given) if route.document else json.dumps(given, ensure_ascii=False),
        errors=sorted((STATUS_OF[code].value, code) for code in codes_of(route)),
    )


def _query(path: str, given: dict[str, Any]) -> str:
    said = {name: value for name, value in given.items() if value is not None}
    return f"{path}?{urlencode(said, doseq=True)}"
