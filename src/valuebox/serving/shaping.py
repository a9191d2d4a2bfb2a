"""Answers on their way out: every error in the one shape, and the headers that all have."""

import re
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import Message, Send

from valuebox.serving.errors import (
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    REPLAYED_HEADER,
    REQUEST_ID_HEADER,
    ErrorCode,
    error_response,
)
from valuebox.serving.exchange import Exchange


class ErrorShaper:
    """`send` that lets good answers pass and rewrites error bodies that are not ours."""

    def __init__(self, send: Send, exchange: Exchange):
        self._send = send
        self._exchange = exchange
        self._held: Message | None = None
        self._body = b""
        self.status: int | None = None
        """Status of the answer; None until there is one."""
        self.code: str | None = None
        """Code of the error, if one was answered."""

    async def __call__(self, message: Message) -> None:
        """Send one message, or hold it back until the whole error is known."""
        if message["type"] == "http.response.start":
            message["headers"] = self._completed(message["headers"])
            if message["status"] >= 400:
                self._held = message
                return
            self.status = message["status"]
        elif self._held is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_shaped(self._held)
            return
        await self._send(message)

    def _completed(self, headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers of an answer, and those that all answers have; names are in small letters."""
        sent = {name for name, _ in headers}
        completed = [*headers, *(one for one in _ALWAYS if one[0] not in sent)]
        completed.append((_REQUEST_ID, str(self._exchange.request_id).encode()))
        if self._exchange.replayed:
            completed.append((_REPLAYED, b"true"))
        return completed

    async def _send_shaped(self, start: Message) -> None:
        body = self._body
        headers = MutableHeaders(scope=start)
        ours = _OURS.match(body)
        if not ours:
            shaped = _translate(start["status"])
            body = bytes(shaped.body)
            start["status"] = shaped.status_code
            headers.update(shaped.headers)
            ours = _OURS.match(body)
        headers["content-type"] = "application/json"
        if self._exchange.page is not None:
            page = self._exchange.page(body)
            headers.update(page.headers)
            body = bytes(page.body)
        headers["content-length"] = str(len(body))
        self.status = start["status"]
        self.code = ours[1].decode() if ours else None
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


# What is answered is shown by pages of our own alone, and is never taken for a page itself.
_ALWAYS: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_REQUEST_ID: Final = REQUEST_ID_HEADER.lower().encode()
_REPLAYED: Final = REPLAYED_HEADER.lower().encode()
_OURS: Final = re.compile(rb'{"error":{"code":"([a-z_]+)"')
_WORDS: Final[dict[int, tuple[ErrorCode, str]]] = {
    400: ("malformed_json", "The request could not be read."),
    404: ("not_found", NOT_FOUND),
    405: ("method_not_allowed", METHOD_NOT_ALLOWED),
    415: ("unsupported_media_type", "Send JSON, with `Content-Type: application/json`."),
    503: ("not_ready", "The service is not ready: it stops, or its database does not answer."),
}


def _translate(status: int) -> JSONResponse:
    fallback: tuple[ErrorCode, str] = ("internal_error", "Something broke on our side.")
    return error_response(*_WORDS.get(status, fallback))
