"""Bytes that no HTTP client would send, and what has to come back for them.

Where HTTP itself is broken the parser answers, before any code of the service sees a request: a 400
in plain text, and the end of the connection. That is `BROKEN` here.
"""

import json
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

from support.users import user
from valuebox.serving.errors import ErrorAnswer

BROKEN, OK = "broken HTTP", "ok"


@dataclass(frozen=True)
class Raw:
    """What is sent on one connection."""

    name: str
    sent: bytes
    answers: tuple[str, ...] = (BROKEN,)
    """In order: `OK`, `BROKEN` or the code of an error."""
    stored: int = 0
    """How many users of it are good input."""

    def __str__(self) -> str:
        """Name of the test."""
        return self.name


def conversation(url: str, raw: Raw) -> list[str]:
    """The answers to `raw`, and that to a request after it where the connection is still open.

    That last request is for a page that nobody knows: any other answer was meant for somebody else.
    """
    address = urlsplit(url)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(raw.sent)
        while len(_parse(received)) < len(raw.answers):
            piece = connection.recv(65_536)
            if not piece:
                return _parse(received)
            received += piece
        last = f"GET /{uuid4().hex} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        try:
            connection.sendall(last.encode())
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionError:
            pass
    return _parse(received)


def _parse(received: bytes) -> list[str]:
    """Which complete answers these bytes are."""
    found = []
    while b"\r\n\r\n" in received:
        head, _, rest = received.partition(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(headers.get(b"content-length", len(rest)))
        if len(rest) < length:
            break
        found.append(_told(int(head.split()[1]), rest[:length]))
        received = rest[length:]
    return found


def _told(status: int, body: bytes) -> str:
    if status == 400 and body == b"Invalid HTTP request received.":
        return BROKEN
    if status >= 400:
        return ErrorAnswer.model_validate_json(body).error.code
    return OK if status == 200 else str(status)


_USERS = json.dumps([user(1)]).encode()
_LENGTH = b"Content-Length: %d" % len(_USERS)
_CHUNKED = b"Transfer-Encoding: chunked"
_SIZE = b"%x\r\n" % len(_USERS)
_END = b"\r\n0\r\n\r\n"
_CHUNKS = _SIZE + _USERS + _END


def _post(*headers: bytes, body: bytes = _USERS, target: bytes = b"/v1/ltv/predict") -> bytes:
    lines = [
        b"POST " + target + b" HTTP/1.1",
        b"Host: localhost",
        b"Content-Type: application/json",
    ]
    return b"\r\n".join([*lines, *headers, b"", b""]) + body


def _get(target: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: localhost", *headers, b"", b""])


def _length(value: bytes) -> bytes:
    return _post(b"Content-Length: " + value)


LENGTHS = [
    Raw("length twice", _post(_LENGTH, _LENGTH)),
    Raw("two lengths", _post(_LENGTH, b"Content-Length: 5")),
    Raw("list of lengths", _length(b"5, 5")),
    Raw("length with plus", _length(b"+5")),
    Raw("length in hex", _length(b"0x20")),
    Raw("negative length", _length(b"-1")),
    Raw("length of 30 digits", _length(b"9" * 30)),
    Raw("length of 2^63-1", _length(b"9223372036854775807"), ("body_too_large",)),
    Raw("length as text", _length(b"many")),
    Raw("empty length", _length(b"")),
    Raw("length with space", _length(b"1 0")),
    Raw("length with a space before the colon", _post(b"Content-Length : 5")),
    Raw("length too short", _length(b"5")),
]
CHUNKS = [
    Raw("chunks", _post(_CHUNKED, body=_CHUNKS), (OK,), stored=1),
    Raw("length, then chunks", _post(_LENGTH, _CHUNKED, body=_CHUNKS)),
    Raw("chunks, then length", _post(_CHUNKED, b"Content-Length: 4", body=_CHUNKS)),
    Raw("chunks, then something", _post(b"Transfer-Encoding: chunked, x", body=_CHUNKS)),
    Raw("identity", _post(b"Transfer-Encoding: identity")),
    Raw("xchunked", _post(b"Transfer-Encoding: xchunked", body=_CHUNKS)),
    Raw("vertical tab", _post(b"Transfer-Encoding: \x0bchunked", body=_CHUNKS)),
    Raw("chunked twice", _post(_CHUNKED, _CHUNKED, body=_CHUNKS)),
    Raw("folded header", _post(b"Transfer-Encoding:\r\n chunked", body=_CHUNKS)),
    Raw("chunk size in letters", _post(_CHUNKED, body=b"zz\r\n" + _USERS)),
    Raw("negative chunk size", _post(_CHUNKED, body=b"-5\r\n" + _USERS)),
    Raw("chunk size of 40 digits", _post(_CHUNKED, body=b"f" * 40 + b"\r\n" + _USERS)),
    Raw("chunk size with 0x", _post(_CHUNKED, body=b"0x" + _CHUNKS)),
    Raw("chunk longer than it says", _post(_CHUNKED, body=b"5\r\n" + _USERS + _END)),
    Raw("chunk without an end", _post(_CHUNKED, body=_SIZE + _USERS + _END[2:])),
    Raw("chunks with bare LF", _post(_CHUNKED, body=_CHUNKS.replace(b"\r", b""))),
    Raw("length in the trailer", _post(_CHUNKED, body=_CHUNKS[:-2] + b"Content-Length: 5\r\n\r\n")),
]
SMUGGLED = [
    Raw("CL.TE", _post(b"Content-Length: 6", _CHUNKED, body=b"0\r\n\r\n" + _get(b"/readyz"))),
    Raw("TE.CL", _post(_CHUNKED, b"Content-Length: 4", body=b"5c\r\n" + _get(b"/readyz"))),
    Raw(
        "a request behind the body",
        _post(b"Content-Length: 2", body=b"[]" + _get(b"/livez")),
        ("invalid_input", OK),
    ),
    Raw(
        "three at once",
        (_post(_LENGTH) + _get(b"/nowhere")) + _post(_LENGTH),
        (OK, "not_found", OK),
        stored=2,
    ),
    Raw("a body with GET", _get(b"/v1/ltv/predict", _LENGTH) + _USERS, ("method_not_allowed",)),
    Raw(
        "h2c upgrade",
        _get(b"/livez", b"Connection: Upgrade", b"Upgrade: h2c", b"HTTP2-Settings: AA"),
        (OK,),
    ),
]
HEADERS = [
    Raw("space in a name", _post(_LENGTH, b"X Y: z")),
    Raw("no colon", _post(_LENGTH, b"XYZ")),
    Raw("NUL in a value", _post(_LENGTH, b"X: a\0b")),
    Raw("bare CR in a value", _post(_LENGTH, b"X: a\rContent-Length: 5")),
    Raw("bare LF in a value", _post(_LENGTH, b"X: a\nIdempotency-Key: b c")),
    Raw("NUL in the key", _post(_LENGTH, b"Idempotency-Key: a\0b")),
    Raw("key beyond ASCII", _post(_LENGTH, b"Idempotency-Key: \xe9"), ("invalid_input",)),
    Raw("key of 201", _post(_LENGTH, b"Idempotency-Key: " + b"x" * 201), ("invalid_input",)),
    Raw("method override", _post(_LENGTH, b"X-HTTP-Method-Override: DELETE"), (OK,), stored=1),
    Raw(
        "two content types",
        _post(b"Content-Type: application/vnd.bentoml+pickle", _LENGTH),
        (OK,),
        stored=1,
    ),
    Raw("unknown expectation", _post(_LENGTH, b"Expect: 200-maybe"), (OK,), stored=1),
]
TARGETS = [
    Raw(
        "absolute form", _post(_LENGTH, target=b"http://else.where/v1/ltv/predict"), (OK,), stored=1
    ),
    Raw("two slashes", _post(_LENGTH, target=b"//v1/ltv/predict"), ("not_found",)),
    Raw("dots", _post(_LENGTH, target=b"/v1/../v1/ltv/predict"), ("not_found",)),
    Raw("encoded dots", _post(_LENGTH, target=b"/v1/%2e%2e/v1/ltv/predict"), ("not_found",)),
    Raw("encoded NUL", _post(_LENGTH, target=b"/v1/ltv/predict%00"), ("not_found",)),
    Raw("parameter", _post(_LENGTH, target=b"/v1/ltv/predict;a=b"), ("not_found",)),
    Raw(
        "out of the folder", _get(b"/static_content" + b"/.." * 9 + b"/etc/passwd"), ("not_found",)
    ),
    Raw("encoded out", _get(b"/static_content" + b"/%2e%2e" * 9 + b"/etc/passwd"), ("not_found",)),
    Raw(
        "slashes encoded", _get(b"/static_content" + b"/..%2f" * 9 + b"etc/passwd"), ("not_found",)
    ),
    Raw("NUL in a file", _get(b"/static_content/a%00.js"), ("not_found",)),
    Raw("NUL", _get(b"/\0")),
    Raw("not ASCII", _get(b"/\xff\xfe")),
    Raw("encoded, no UTF-8", _get(b"/%ff%c0%af"), ("not_found",)),
    Raw("1 MB", _get(b"/" + b"a" * 1_000_000)),
    Raw("asterisk", b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", ("not_found",)),
    Raw("CONNECT", b"CONNECT else.where:80 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
]
VERSIONS = [
    Raw("HTTP/0.9", b"GET /livez\r\n\r\n", (OK,)),
    Raw("HTTP/1.0", b"GET /livez HTTP/1.0\r\n\r\n", (OK,)),
    Raw("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Raw("HTTP/3.7", b"GET /livez HTTP/3.7\r\nHost: localhost\r\n\r\n"),
    Raw("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500),
    Raw("unknown method", b"FOO /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    Raw("a thousand empty lines", b"\r\n" * 1_000 + _post(_LENGTH), (OK,), stored=1),
    Raw("noise", bytes(range(256)) * 20),
]
WIRE = [*LENGTHS, *CHUNKS, *SMUGGLED, *HEADERS, *TARGETS, *VERSIONS]
