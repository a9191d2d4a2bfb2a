"""The OpenAPI document: BentoML's, with everything in it that is ours described by ourselves.

BentoML's generator leaves out that a value may be null, knows nothing of headers and access, and
describes errors that no endpoint answers.
"""

import json
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from valuebox import __version__
from valuebox.serving.endpoint import ROUTES, Route
from valuebox.serving.errors import (
    IDEMPOTENCY_KEY_HEADER,
    REPLAYED_HEADER,
    REQUEST_ID_HEADER,
    STATUS_OF,
    WARNINGS_HEADER,
    ErrorAnswer,
    ErrorCode,
)
from valuebox.serving.replays import MAX_KEY

PATH: Final = "/docs.json"
_MADE_ONCE: Final = frozenset({PATH, "/schema.json"})
_REF: Final = "#/components/schemas/{model}"
_JSON: Final = "application/json"
_SECURITY: Final = "API key"
_INFO: Final = {
    "title": "valuebox",
    "description": "Customer-value models: what was sent and what was predicted are stored, and "
    "checked when the truth arrives. Every error has one shape, `ErrorAnswer`.",
}

_EVERYWHERE: Final[tuple[ErrorCode, ...]] = (
    "invalid_input",
    "unauthenticated",
    "forbidden",
    "rate_limited",
    "internal_error",
    "database_unavailable",
    "overloaded",
    "timed_out",
)
_OF_BODIES: Final[tuple[ErrorCode, ...]] = (
    "malformed_json",
    "body_too_large",
    "unsupported_media_type",
    "too_slow",
)
_WHERE_STORED: Final[tuple[ErrorCode, ...]] = ("key_reused", "answer_gone")
_OF_METRICS: Final[tuple[ErrorCode, ...]] = ("unauthenticated", "forbidden", "rate_limited")

_IDEMPOTENCY_KEY: Final = {
    "name": IDEMPOTENCY_KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "Any text of the client's own choice. Sent again with the same key and body, a "
    "request that stores is answered as before and stored once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
}
_REQUEST_ID: Final = {
    "description": "Id of the request, of the first one where an answer is given again.",
    "schema": {"type": "string", "format": "uuid"},
}
_REPLAYED: Final = {
    "description": "`true` where this is the answer of an earlier request with the same key.",
    "schema": {"const": "true"},
}
_WARNINGS: Final = {
    "description": "What is strange about the columns, in sentences: features that are absent of "
    "all users, and columns that are called nearly like one. Only where there is something to say.",
    "schema": {"type": "string"},
}
_RETRY_AFTER: Final = {
    "description": "Seconds after which to try again.",
    "schema": {"type": "integer", "minimum": 1},
}


def truthful(spec: dict[str, Any]) -> dict[str, Any]:
    """The document with our endpoints as they are, and the probes with what they answer.

    Args:
        spec: What BentoML generated; changed in place and returned.
    """
    spec["openapi"] = "3.1.0"
    spec["info"] = {**_INFO, "version": __version__}
    spec["components"] = {
        "schemas": definitions(),
        "securitySchemes": {_SECURITY: {"type": "http", "scheme": "bearer"}},
    }
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            if route := ROUTES.get(path):
                _describe(operation, route)
            else:
                operation["responses"] |= _errors(_OF_METRICS if path == "/metrics" else ())
    for path, route in ROUTES.items():
        # BentoML knows of no endpoint that is asked by GET.
        if route.document is not None:
            summary, description = said_of(route)
            operation = {"summary": summary, "description": description, "operationId": path}
            _describe(operation, route)
            spec["paths"][path] = {"get": operation}
    spec["paths"]["/readyz"]["get"]["responses"] |= _errors(("not_ready", "timed_out"))
    return spec


def _describe(operation: dict[str, Any], route: Route) -> None:
    operation["description"] = " ".join(operation["description"].split())
    # An empty one: a service on a loopback address asks for no key.
    operation["security"] = [{}, {_SECURITY: []}]
    operation["parameters"] = [_IDEMPOTENCY_KEY] if route.stores else []
    if route.document is None:
        operation["requestBody"] = {
            "required": True,
            "content": {_JSON: {"schema": schema_of(route.takes, "validation")}},
        }
    elif route.takes is not None:
        name = schema_of(route.takes, "validation")["$ref"].removeprefix(_REF.format(model=""))
        operation["parameters"] += _parameters(definitions()[name])
    headers = {REQUEST_ID_HEADER: _REQUEST_ID}
    if route.stores:
        headers[REPLAYED_HEADER] = _REPLAYED
    if route.warns:
        headers[WARNINGS_HEADER] = _WARNINGS
    good = {
        "description": "Done.",
        "headers": headers,
        "content": {route.document or _JSON: {"schema": _answered(route)}},
    }
    operation["responses"] = {"200": good, **_errors(codes_of(route))}


def codes_of(route: Route) -> tuple[ErrorCode, ...]:
    """Errors that an endpoint may answer."""
    of_bodies = _OF_BODIES if route.document is None else ()
    return _EVERYWHERE + of_bodies + (_WHERE_STORED if route.stores else ()) + route.refuses


def said_of(route: Route) -> tuple[str, str]:
    """What the method of an endpoint says that it does, in a sentence, and what else it says."""
    title, _, rest = (route.method.__doc__ or "").strip().partition("\n")
    return title, " ".join(rest.split())


def _parameters(taken: dict[str, Any]) -> list[dict[str, Any]]:
    """Fields of a question as what a query may hold; what may be null is left out there."""
    return [
        {
            "name": name,
            "in": "query",
            "required": name in taken.get("required", ()),
            "description": schema.get("description", ""),
            "schema": next(
                (one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema
            ),
        }
        for name, schema in taken["properties"].items()
    ]


def _answered(route: Route) -> dict[str, Any]:
    one = schema_of(route.answers, "serialization")
    return one if route.document in (None, _JSON) else {"type": "array", "items": one}


def definitions() -> dict[str, Any]:
    """Schemas by the names that others refer to."""
    return _schemas()[1]


def _errors(codes: tuple[ErrorCode, ...]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(STATUS_OF[code].value, []).append(f"`{code}`")
    return {
        str(status): {
            "description": " or ".join(names),
            "headers": {
                REQUEST_ID_HEADER: _REQUEST_ID,
                **({"Retry-After": _RETRY_AFTER} if status in {429, 503} else {}),
            },
            "content": {_JSON: {"schema": schema_of(ErrorAnswer, "serialization")}},
        }
        for status, names in sorted(by_status.items())
    }


def schema_of(model: type[BaseModel] | None, mode: JsonSchemaMode) -> dict[str, Any]:
    """The schema of a body: a reference into `definitions`, or that of any object."""
    if model is None:
        return {"type": "object"}
    reference: dict[str, Any] = _schemas()[0][model, mode]
    return reference


@cache
def _schemas() -> tuple[dict[Any, Any], dict[str, Any]]:
    """A reference for every model of an endpoint, and the definitions they lead to."""
    models: list[tuple[Any, JsonSchemaMode]] = [(ErrorAnswer, "serialization")]
    for route in ROUTES.values():
        models.append((route.answers, "serialization"))
        if route.takes is not None:
            models.append((route.takes, "validation"))
    references, definitions = models_json_schema(models, ref_template=_REF)
    return references, definitions["$defs"]


class TruthfulDocs:
    """ASGI middleware that corrects the OpenAPI document on its way out.

    It also keeps what BentoML says of itself, which never changes: making it takes a tenth of a
    second in which nothing else is answered, and everybody may ask.
    """

    def __init__(self, app: ASGIApp):
        self._app = app
        self._made: dict[str, tuple[Message, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] not in _MADE_ONCE:
            await self._app(scope, receive, send)
        elif scope["method"] == "GET":
            start, body = self._made.get(scope["path"]) or await self._make(scope, receive)
            # Others add headers of this answer to it.
            await send({**start, "headers": list(start["headers"])})
            await send({"type": "http.response.body", "body": body})
        else:
            await self._app(scope, receive, send)

    async def _make(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        start: Message = {}
        body = b""

        async def take(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")

        await self._app(scope, receive, take)
        if start["status"] == 200:
            if scope["path"] == PATH:
                body = json.dumps(truthful(json.loads(body))).encode()
            MutableHeaders(scope=start)["content-length"] = str(len(body))
            self._made[scope["path"]] = start, body
        return start, body
