"""What stands before every endpoint: request id, body limit, error shape."""

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from valuebox.endpoint import MAX_PROBLEMS, crashed, error_response
from valuebox.errors import (
    IDEMPOTENCY_KEY_HEADER,
    REPLAYED_HEADER,
    REQUEST_ID_HEADER,
    ErrorCode,
    Problem,
)
from valuebox.exchange import Exchange, current_exchange
from valuebox.settings import Settings
from valuebox.store.idempotency import MAX_KEY

# Well before BentoML gives the request up: what it answers with 504 must not be stored.
STORE_WITHIN_SECONDS = 45

_KEY = re.compile(rf"[!-~]{{1,{MAX_KEY}}}")


class Guard:
    """ASGI middleware around the whole service.

    Gives every request an id, refuses what is too much at once, too large or not JSON before it
    is parsed, and turns every error answer of BentoML and Starlette into the one error shape.
    """

    def __init__(self, app: ASGIApp, settings: Callable[[], Settings]):
        self._app = app
        self._max_body_bytes = int(settings().max_body_mb * 1_000_000)
        self._max_requests = settings().max_requests
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        exchange = Exchange(
            deadline=time.monotonic() + STORE_WITHIN_SECONDS,
            idempotency_key=headers.get(IDEMPOTENCY_KEY_HEADER),
        )
        exchange.body.update(scope["path"].encode() + b"\0")
        token = current_exchange.set(exchange)
        shaped = _ErrorShaper(send, exchange)
        try:
            if scope["method"] != "POST":
                await self._app(scope, receive, shaped)
            elif refusal := self._refuse(headers):
                await refusal(scope, receive, shaped)
            else:
                self._requests += 1
                try:
                    await self._app(scope, self._limited(receive, shaped, exchange), shaped)
                finally:
                    self._requests -= 1
        except Exception as error:
            # A raising app would leave the client waiting for BentoML's whole timeout.
            if shaped.started:
                raise
            await crashed(error)(scope, receive, shaped)
        finally:
            current_exchange.reset(token)

    def _refuse(self, headers: Headers) -> JSONResponse | None:
        if self._requests >= self._max_requests:
            # Said at once: one that waits in line until it is given up helps nobody.
            return error_response("overloaded", "The service has enough to do; try again.")
        media_type = headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if media_type != "application/json":
            return error_response(
                "unsupported_media_type", "Send JSON, with `Content-Type: application/json`."
            )
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._max_body_bytes:
            return _too_large()
        keys = headers.getlist(IDEMPOTENCY_KEY_HEADER)
        if len(keys) > 1 or not all(_KEY.fullmatch(key) for key in keys):
            return _bad_key()
        return None

    def _limited(self, receive: Receive, shaped: "_ErrorShaper", exchange: Exchange) -> Receive:
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._max_body_bytes:
                # BentoML catches whatever is raised while it reads, and answers for itself.
                shaped.refusal = _too_large()
                raise BodyTooLarge
            if exchange.idempotency_key is not None:
                exchange.body.update(message.get("body", b""))
            return message

        return counted


class BodyTooLarge(Exception):
    """More bytes arrived than the limit allows."""


def _too_large() -> JSONResponse:
    response = error_response(
        "body_too_large", "The request body is larger than the service reads; send fewer rows."
    )
    # The rest of the body is not read, so the connection cannot carry another request.
    response.headers["Connection"] = "close"
    return response


def _bad_key() -> JSONResponse:
    message = f"Input should be sent once, as 1 to {MAX_KEY} visible ASCII characters"
    problem = Problem(field=IDEMPOTENCY_KEY_HEADER, message=message)
    return error_response(
        "invalid_input", "A header cannot be used; nothing of this request was stored.", [problem]
    )


class _ErrorShaper:
    """`send` that lets good answers pass and rewrites error bodies that are not ours."""

    def __init__(self, send: Send, exchange: Exchange):
        self._send = send
        self._exchange = exchange
        self._held: Message | None = None
        self._body = b""
        self.refusal: JSONResponse | None = None
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID_HEADER] = str(self._exchange.request_id)
            if self._exchange.replayed:
                headers[REPLAYED_HEADER] = "true"
            if message["status"] >= 400:
                self._held = message
                return
        elif self._held is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            await self._send_shaped(self._held)
            return
        self.started = True
        await self._send(message)

    async def _send_shaped(self, start: Message) -> None:
        body = self._body
        headers = MutableHeaders(scope=start)
        if self.refusal or not _is_ours(body):
            shaped = self.refusal or _translate(start["status"], body)
            body = bytes(shaped.body)
            start["status"] = shaped.status_code
            headers.update(shaped.headers)
        headers["content-type"] = "application/json"
        headers["content-length"] = str(len(body))
        self.started = True
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_ours(body: bytes) -> bool:
    return body.startswith(b'{"error":{"code":')


_WORDS: dict[int, tuple[ErrorCode, str]] = {
    404: ("not_found", "There is nothing at this address; `/docs.json` lists what there is."),
    405: ("method_not_allowed", "This address answers another method; see `/docs.json`."),
    415: ("unsupported_media_type", "Send JSON, with `Content-Type: application/json`."),
    503: ("not_ready", "The service is not ready: its model or its database does not answer."),
}


def _translate(status: int, body: bytes) -> JSONResponse:
    if status == 400:
        return _invalid(body)
    fallback: tuple[ErrorCode, str] = ("internal_error", "Something broke on our side.")
    return error_response(*_WORDS.get(status, fallback))


def _invalid(body: bytes) -> JSONResponse:
    """BentoML's answer to a pydantic ValidationError, in our shape."""
    try:
        found: list[dict[str, Any]] = json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        return error_response("malformed_json", "The request could not be read.")
    if any(one["type"] == "json_invalid" for one in found):
        return error_response("malformed_json", f"{found[0]['msg']}.")
    problems = [_problem(one["loc"], one["msg"]) for one in found[:MAX_PROBLEMS]]
    count = len(found)
    things = "1 problem" if count == 1 else f"{count} problems"
    message = f"The input has {things}; nothing of this request was stored."
    return error_response("invalid_input", message, problems, count)


def _problem(loc: list[int | str], message: str) -> Problem:
    row = loc[0] if loc and isinstance(loc[0], int) else None
    path = loc if row is None else loc[1:]
    return Problem(
        row=row,
        field=".".join(map(str, path)) or None,
        message=re.sub("^Value error, ", "", message),
    )


class QuietRefusals(logging.Filter):
    """Drops BentoML's traceback for refused input: it is the client's matter, not the log's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """False for records about input that was refused."""
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, ValidationError | BodyTooLarge | ClientDisconnect)
