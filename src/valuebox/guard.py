"""What stands before every endpoint: request id, body limit, error shape."""

import functools
import json
import logging
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, ParamSpec
from uuid import UUID

import bentoml
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from valuebox.errors import (
    REQUEST_ID_HEADER,
    STATUS_OF,
    Error,
    ErrorAnswer,
    ErrorCode,
    Problem,
)
from valuebox.settings import Settings
from valuebox.store.ids import new_id

P = ParamSpec("P")

MAX_PROBLEMS = 20

_request_id: ContextVar[UUID] = ContextVar("request_id")
_log = logging.getLogger("valuebox")


def request_id() -> UUID:
    """Id of the request that is being answered; new where there is none (tests, scripts)."""
    try:
        return _request_id.get()
    except LookupError:
        return new_id()


def error_response(
    code: ErrorCode, message: str, problems: list[Problem] | None = None, count: int | None = None
) -> JSONResponse:
    """An answer in the one error shape, with the status that belongs to `code`."""
    problems = problems or []
    error = Error(
        code=code,
        message=message,
        problems=problems[:MAX_PROBLEMS],
        problem_count=len(problems) if count is None else count,
        request_id=str(request_id()),
    )
    headers = {"Retry-After": "1"} if STATUS_OF[code] == 503 else None
    content = ErrorAnswer(error=error).model_dump(exclude_none=True)
    return JSONResponse(content, status_code=STATUS_OF[code], headers=headers)


def endpoint(route: str) -> Callable[[Callable[P, Any]], Any]:
    """`bentoml.api` at `route`, with failures below it answered in the one error shape.

    Returning the response, instead of raising, matters: BentoML hides the text of 5xx
    exceptions and logs a traceback, possibly with input values, for every 4xx.
    """

    def decorate(method: Callable[P, Any]) -> Any:
        @functools.wraps(method)
        def answer(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return method(*args, **kwargs)
            except (OperationalError, InterfaceError, PoolTimeoutError) as error:
                return _database_away(error)
            except DBAPIError as error:
                if error.connection_invalidated:
                    return _database_away(error)
                return _crashed(error)
            except Exception as error:
                return _crashed(error)

        return bentoml.api(route=route)(answer)

    return decorate


def _database_away(error: Exception) -> Response:
    _log.error("database unavailable (%s), request %s", _kind(error), request_id())
    return error_response("database_unavailable", "The database does not answer; try again.")


def _crashed(error: Exception) -> Response:
    # Only frames, never the exception's text: a database's message quotes the row it refused.
    frames = "\n".join(_frames(error))
    _log.error("%s in request %s\n%s", _kind(error), request_id(), frames)
    return error_response("internal_error", "Something broke on our side; it has been logged.")


def _kind(error: Exception) -> str:
    """What is safe to log of an error: its type, and the database's own code for it."""
    driver = getattr(error, "orig", None)
    code = getattr(driver, "pgcode", None) or getattr(driver, "sqlite_errorname", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _frames(error: Exception) -> list[str]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f'  File "{code.co_filename}", line {trace.tb_lineno}, in {code.co_name}')
        trace = trace.tb_next
    return frames


class Guard:
    """ASGI middleware around the whole service.

    Gives every request an id, refuses bodies that are too large or not JSON before they are
    parsed, and turns every error answer of BentoML and Starlette into the one error shape.
    """

    def __init__(self, app: ASGIApp, settings: Callable[[], Settings]):
        self._app = app
        self._max_body_bytes = int(settings().max_body_mb * 1_000_000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = _request_id.set(new_id())
        shaped = _ErrorShaper(send)
        try:
            if scope["method"] == "POST" and (refusal := self._refuse(Headers(scope=scope))):
                await refusal(scope, receive, shaped)
            else:
                await self._app(scope, self._limited(receive, shaped), shaped)
        except Exception as error:
            # A raising app would leave the client waiting for BentoML's whole timeout.
            if shaped.started:
                raise
            await _crashed(error)(scope, receive, shaped)
        finally:
            _request_id.reset(token)

    def _refuse(self, headers: Mapping[str, str]) -> Response | None:
        media_type = headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if media_type != "application/json":
            return error_response(
                "unsupported_media_type", "Send JSON, with `Content-Type: application/json`."
            )
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._max_body_bytes:
            return _too_large()
        return None

    def _limited(self, receive: Receive, shaped: "_ErrorShaper") -> Receive:
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._max_body_bytes:
                # BentoML catches whatever is raised while it reads, and answers for itself.
                shaped.refusal = _too_large()
                raise BodyTooLarge
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


class _ErrorShaper:
    """`send` that lets good answers pass and rewrites error bodies that are not ours."""

    def __init__(self, send: Send):
        self._send = send
        self._held: Message | None = None
        self._body = b""
        self.refusal: JSONResponse | None = None
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)[REQUEST_ID_HEADER] = str(request_id())
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
