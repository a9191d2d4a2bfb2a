"""The OpenAPI document, corrected where BentoML's generator does not know better."""

import json
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from valuebox.errors import IDEMPOTENCY_KEY_HEADER, STATUS_OF, ErrorAnswer
from valuebox.store.idempotency import MAX_KEY

PATH: Final = "/docs.json"
_SCHEMAS: Final = "#/components/schemas/"
_NOT_OURS: Final = {"InvalidArgument", "NotFound", "InternalServerError", "TaskStatusResponse"}

_IDEMPOTENCY_KEY: Final = {
    "name": IDEMPOTENCY_KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "Any text of the client's own choice. Sent again with the same key and body, a "
    "request that stores is answered as before and stored once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
}


def truthful(spec: dict[str, Any]) -> dict[str, Any]:
    """The document with the errors that endpoints really answer, in the shape they really have.

    Args:
        spec: What BentoML generated; changed in place and returned.
    """
    schemas = spec["components"]["schemas"]
    for name in _NOT_OURS & schemas.keys():
        del schemas[name]
    error_schema = ErrorAnswer.model_json_schema(ref_template=_SCHEMAS + "{model}")
    schemas.update(error_schema.pop("$defs"))
    schemas["ErrorAnswer"] = error_schema
    for path in spec["paths"].values():
        operation = path.get("post")
        if operation is None:
            continue
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
        good = {status: r for status, r in operation["responses"].items() if int(status) < 400}
        operation["responses"] = {**good, **_error_responses()}
    return spec


def _error_responses() -> dict[str, Any]:
    codes: dict[int, list[str]] = {}
    for code, status in STATUS_OF.items():
        codes.setdefault(status.value, []).append(f"`{code}`")
    schema = {"$ref": f"{_SCHEMAS}ErrorAnswer"}
    return {
        str(status): {
            "description": " or ".join(names),
            "content": {"application/json": {"schema": schema}},
        }
        for status, names in sorted(codes.items())
    }


class TruthfulDocs:
    """ASGI middleware that corrects the OpenAPI document on its way out."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def corrected(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if start["status"] == 200:
                body = json.dumps(truthful(json.loads(body))).encode()
            MutableHeaders(scope=start)["content-length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, corrected)
