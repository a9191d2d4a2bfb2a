"""Request bodies on their way in: bounded before anything parses them, and decompressed."""

import asyncio
import time
import zlib
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import Message, Receive

from valuebox.serving.errors import BodyRefused, error_response

SILENT_SECONDS: Final = 10.0
"""How long a client may send nothing while there is more of a body to come."""
LEAST_BYTES_A_SECOND: Final = 1_000
"""Bytes that have to come a second, on average after that time: single bytes end as well."""
_PLAIN: Final = ("", "identity")
_GZIP: Final = ("gzip", "x-gzip")
# For zlib: a gzip header, and the largest window.
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


class Body:
    """`receive` that counts, decompresses and digests what it passes on."""

    def __init__(self, receive: Receive, headers: Headers, max_bytes: int, digest: Any | None):
        """A body that has not been read yet.

        Args:
            receive: Of the server.
            headers: Of the request; `refuse_body` has let them pass.
            max_bytes: Of the body, as it is sent and as it is once decompressed.
            digest: Is updated with what is passed on; None where nobody asks.
        """
        self._receive = receive
        self._left_to_read = self._left_to_pass_on = max_bytes
        self._digest = digest
        compressed = _encoding(headers) in _GZIP
        self._decompress = zlib.decompressobj(_GZIP_WINDOW) if compressed else None
        self._more = True
        self._patience = SILENT_SECONDS
        self.broke_off = False
        """Whether the client went away before the whole body had arrived."""

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            BodyRefused: when it is too large, or not compressed as it says.
            ClientDisconnect: when the client went away before all of it had arrived.
        """
        parts = []
        more = True
        while more:
            message = await self()
            if message["type"] != "http.request":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        return b"".join(parts)

    async def __call__(self) -> Message:
        """The next message of the server.

        Raises:
            BodyRefused: see `read`.
        """
        began = time.monotonic()
        try:
            # Whoever waits after the end of a body waits for the client to leave.
            async with asyncio.timeout(min(self._patience, SILENT_SECONDS) if self._more else None):
                message = await self._receive()
        except TimeoutError:
            raise BodyRefused(_too_slow()) from None
        if message["type"] != "http.request":
            self.broke_off = True
            return message
        self._more = message.get("more_body", False)
        content = message.get("body", b"")
        # Only time that was spent waiting counts: a busy service is not the client's fault.
        self._patience += len(content) / LEAST_BYTES_A_SECOND - (time.monotonic() - began)
        self._left_to_read -= len(content)
        if self._left_to_read < 0:
            raise BodyRefused(too_large())
        if self._decompress is not None:
            content = self._decompressed(self._decompress, content, not self._more)
            message = {**message, "body": content}
        if self._digest is not None:
            self._digest.update(content)
        return message

    def _decompressed(self, decompress: Any, content: bytes, is_last: bool) -> bytes:
        try:
            decompressed: bytes = decompress.decompress(content, self._left_to_pass_on + 1)
        except zlib.error:
            raise BodyRefused(_not_gzip()) from None
        self._left_to_pass_on -= len(decompressed)
        if self._left_to_pass_on < 0:
            raise BodyRefused(too_large())
        if decompress.unused_data or (is_last and not decompress.eof):
            raise BodyRefused(_not_gzip())
        return decompressed


def refuse_body(headers: Headers, max_bytes: int) -> JSONResponse | None:
    """The answer to a body that need not be read to be refused; None where it is worth reading."""
    # Without one as well: any web page may send that to this machine, without asking first.
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        return error_response(
            "unsupported_media_type", "Send JSON, with `Content-Type: application/json`."
        )
    if _encoding(headers) not in (*_PLAIN, *_GZIP):
        answer = error_response(
            "unsupported_media_type", "Send the body as it is, or with `Content-Encoding: gzip`."
        )
        answer.headers["Accept-Encoding"] = "gzip"
        return answer
    length = headers.get("content-length", "0")
    return too_large() if length.isdecimal() and int(length) > max_bytes else None


def too_large() -> JSONResponse:
    """The answer to more bytes than are read."""
    answer = error_response(
        "body_too_large", "The request body is larger than the service reads; send fewer rows."
    )
    # The rest of the body is not read, so the connection cannot carry another request.
    answer.headers["Connection"] = "close"
    return answer


def _too_slow() -> JSONResponse:
    answer = error_response(
        "too_slow",
        f"The request body came too slowly: nothing for {SILENT_SECONDS:g} s, or less than "
        f"{LEAST_BYTES_A_SECOND:,} bytes a second; send it again.",
    )
    answer.headers["Connection"] = "close"
    return answer


def _not_gzip() -> JSONResponse:
    return error_response("malformed_json", "The body is not what gzip makes.")


def _encoding(headers: Headers) -> str:
    return ",".join(headers.getlist("content-encoding")).strip().lower()
