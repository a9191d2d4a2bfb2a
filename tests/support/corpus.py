"""Requests that have to be refused, and how."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.facts import customer, event
from support.users import user
from valuebox.serving.errors import ErrorCode

PREDICT, SEARCH, OUTCOMES = "/v1/ltv/predict", "/v1/ltv/predictions/search", "/v1/ltv/outcomes"
EVENTS, CUSTOMERS = "/v1/events", "/v1/customers"
GROWTH = "/v1/growth/report"


@dataclass(frozen=True)
class Bad:
    """A bad request and the answer that it should get."""

    name: str
    body: bytes | None
    code: ErrorCode = "invalid_input"
    row: int | None = None
    field: str | None = None
    # What was sent; neither the answer nor the log may repeat it.
    value: str | None = None
    path: str = PREDICT
    method: str = "POST"
    content_type: str = "application/json"

    def __str__(self) -> str:
        """Name of the test."""
        return self.name


def _second(name: str, value: Any) -> Bad:
    """A good user, followed by one with a bad value in the column `name`."""
    shown = value if isinstance(value, str) else json.dumps(value)
    body = json.dumps([user(1), {**user(2), name: value}]).encode()
    # Short ones, such as `true`, may well be part of an innocent sentence.
    secret = shown if len(shown) > 4 else None
    return Bad(f"{name}={shown[:30]!r}", body, row=1, field=name, value=secret)


def _raw(column: str, text: str) -> Bad:
    """The same for what Python's JSON writer would not write."""
    body = f'[{json.dumps(user(1))}, {{"user_id": 2, "join_date": "2019-08-03", {column}: {text}}}]'
    return Bad(f"{column}: {text[:30]}", body.encode(), row=1, field=column.strip('"'))


def _fact(path: str, name: str, value: Any) -> Bad:
    """A good event or customer, followed by one with a bad value."""
    make = event if path == EVENTS else customer
    body = json.dumps([make(1), {**make(2), name: value}]).encode()
    secret = value if isinstance(value, str) and len(value) > 4 else None
    return Bad(
        f"{path} {name}={str(value)[:30]!r}", body, row=1, field=name, value=secret, path=path
    )


_USER = json.dumps(user(1)).encode()
_SECRET = "hunter2-value"


def _extra(column: bytes) -> bytes:
    """One user with a column on top, as bytes."""
    return b'[{"user_id": 1, "join_date": "2019-08-01", ' + column + b"}]"


NOT_JSON = [
    Bad("cut off", b"[" + _USER[:-10], "malformed_json", value="16.277625"),
    Bad("no JSON", _SECRET.encode(), "malformed_json", value=_SECRET),
    Bad("trailing text", b"[" + _USER + b"] " + _SECRET.encode(), "malformed_json", value=_SECRET),
    Bad("single quotes", b"[{'user_id': 1}]", "malformed_json"),
    Bad("not UTF-8", b'[{"user_id": 1, "aff_type": "\xff"}]', "malformed_json"),
    Bad("overlong UTF-8", b'[{"user_id": 1, "aff_type": "\xc0\xaf"}]', "malformed_json"),
    Bad("a surrogate in UTF-8", b'[{"user_id": 1, "aff_type": "\xed\xa0\x80"}]', "malformed_json"),
    Bad("beyond Unicode", b'[{"user_id": 1, "aff_type": "\xf4\x90\x80\x80"}]', "malformed_json"),
    Bad("byte order mark", b"\xef\xbb\xbf[" + _USER + b"]", "malformed_json"),
    *(
        Bad(code, f"[{json.dumps(user(1))}]".encode(code), "malformed_json")
        for code in ("UTF-16", "UTF-16-LE", "UTF-32", "EBCDIC-CP-US")
    ),
    Bad("comment", b"[" + _USER + b"/* hunter2 */]", "malformed_json"),
    Bad("comma at the end", b"[" + _USER + b",]", "malformed_json"),
    Bad("two bodies", b"[" + _USER + b"]\n[" + _USER + b"]", "malformed_json"),
    Bad("bare NUL", b"[" + _USER + b"]\0", "malformed_json"),
    Bad("bare control character", b'[{"user_id": 1, "aff_type": "a\nb"}]', "malformed_json"),
    Bad("key without quotes", b"[{user_id: 1}]", "malformed_json"),
    Bad("number in hex", b'[{"user_id": 0x10}]', "malformed_json"),
    Bad("leading zero", b'[{"user_id": 007}]', "malformed_json"),
    Bad("leading plus", b'[{"user_id": +7}]', "malformed_json"),
    Bad("integer of 5,000 digits", b'[{"user_id": ' + b"9" * 5_000 + b"}]", "malformed_json"),
    Bad("extra of 5,000 digits", _extra(b'"x": ' + b"9" * 5_000), "malformed_json"),
    Bad("a surrogate in a name", _extra(b'"\\udc00": 1'), "malformed_json"),
    Bad("two high surrogates", _extra(b'"x": "\\ud800\\ud800"'), "malformed_json"),
    Bad(
        "objects too deep",
        _extra(b'"x": ' + b'{"a": ' * 5_000 + b"1" + b"}" * 5_000),
        "malformed_json",
    ),
    Bad("arrays too deep", b"[" * 1_000_000, "malformed_json"),
    Bad("half a surrogate", b'[{"user_id": 1, "aff_type": "\\ud800"}]', "malformed_json"),
    Bad("too deep", b'[{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}]", "malformed_json"),
]
NOT_USERS = [
    Bad("empty body", b""),
    Bad("empty array", b"[]"),
    Bad("one object", _USER, value="16.277625"),
    Bad("null", b"null"),
    Bad("text", json.dumps(_SECRET).encode(), value=_SECRET),
    Bad("array of text", json.dumps([user(1), _SECRET]).encode(), row=1, value=_SECRET),
    Bad("array of arrays", b"[[1, 2]]", row=0),
    Bad("empty object", b"[{}]", row=0, field="user_id"),
    Bad("no join date", b'[{"user_id": 77001177}]', row=0, field="join_date", value="77001177"),
]
KEYS_TWICE = [
    Bad("id twice", _extra(b'"user_id": 770011'), row=0, field="user_id", value="770011"),
    Bad("the same twice", _extra(b'"user_id": 1'), row=0, field="user_id"),
    Bad("null and a value", _extra(b'"STV": null, "STV": 1'), row=0, field="STV"),
    Bad("twice by an escape", _extra(b'"STV": 1, "\\u0053TV": 2'), row=0, field="STV"),
    Bad("unknown column twice", _extra(b'"x": 1, "x": 1'), row=0, field="x"),
    Bad("twice, deep down", _extra(b'"x": [{"y": {"z": 1, "z": 2}}]'), row=0, field="x.0.y.z"),
    Bad("condition twice", b'{"page_size": 1, "page_size": 2}', field="page_size", path=SEARCH),
    Bad(
        "target twice",
        b'[{"user_id": 1, "target": 1, "target": 2}]',
        row=0,
        field="target",
        path=OUTCOMES,
    ),
]
WRONG_VALUES = [
    _second("user_id", _SECRET),
    _second("user_id", "1369584"),
    _second("user_id", 1369584.5),
    _second("user_id", True),
    _second("user_id", None),
    _second("user_id", -770011),
    _second("user_id", 2**63),
    _second("user_id", 10**30),
    _second("join_date", "2019-13-01"),
    _second("join_date", "2019-02-30 11:22:33"),
    _second("join_date", "yesterday"),
    _second("join_date", ""),
    _second("join_date", None),
    _second("join_date", 1564617621),
    _second("join_date", "1564617621"),
    _second("join_date", "0019-08-01"),
    _second("join_date", "9019-08-01"),
    _second("join_date", "0001-01-01T00:00:00+10:00"),
    _second("join_date", "9999-12-31T23:59:59-10:00"),
    _second("join_date", "2019-08-01T24:00:00"),
    _second("join_date", "2019-08-01T23:59:60"),
    _second("join_date", "2019-02-29"),
    _second("join_date", "1969-12-31T23:59:59.999999"),
    _second("join_date", "2200-01-01"),
    _second("join_date", "2019-08-01\0"),
    _second("join_date", "2019-08-01'; DROP TABLE ltv_features; --"),
    _second("join_date", "2019-W31-4"),
    _second("join_date", "٢٠١٩-08-01"),
    _second("join_date", {"$date": "2019-08-01"}),
    _second("STV", -7.75),
    _second("STV", 77001177.5),
    _second("STV", "16.277625"),
    _second("STV", True),
    _second("STV", [1]),
    _second("STV", "0x10"),
    _second("STV", {"$gt": 0}),
    _second("STV", 10**400),
    _second("user_id", -(2**63)),
    _second("user_id", [77001177]),
    _second("user_id", {"$ne": 77001177}),
    _second("hidden", 77),
    _second("hidden", "1"),
    _second("is_lp", 1e300),
    _second("hidden", _SECRET),
    _second("is_lp", 0.123456),
    _second("is_cancelled", {"hunter2": 1}),
    _second("aff_type", 770011),
    _second("country_segment", ["hunter2"]),
    _second("country_segment", "h" * 101),
    _second("credit_card_level", "hunter2\0"),
    _second("aff_type", "\0hunter2"),
    _second("country_segment", "hunter2\0US"),
    _second("country_segment", "😀" * 101),
    _second("aff_type", {"__proto__": {}}),
    _second("extra", "hunter2\0"),
    Bad("NUL in a name", _extra(b'"hunter2\\u0000": 1'), row=0, value="hunter2"),
    Bad("NUL in a name deep down", _extra(b'"x": {"\\u0000": 1}'), row=0, field="x"),
    _second("extra", {"deep": [{"hunter2\0": 1}]}),
    _second("target", "much-hunter2"),
    _second("target", 77001177.5),
    _raw('"STV"', "NaN"),
    _raw('"STV"', "1e999"),
    _raw('"STV"', "-1e-320"),
    _raw('"user_id"', "1e3"),
    _raw('"user_id"', "2.0"),
    _raw('"user_id"', "9007199254740993.0"),
    _raw('"extra"', "1e400"),
    _raw('"hidden"', "Infinity"),
    _raw('"extra"', "NaN"),
    _raw('"extra"', '{"deep": [-Infinity]}'),
    _raw('"target"', "-Infinity"),
]
NOT_SEARCHES = [
    Bad("unknown condition", b'{"user_id": 770011}', field="user_id", value="770011", path=SEARCH),
    Bad("search by text", b'{"request_id": "hunter2"}', field="request_id", path=SEARCH),
    Bad("page of none", b'{"page_size": 0}', field="page_size", path=SEARCH),
    Bad("page too large", b'{"page_size": 770011}', field="page_size", path=SEARCH),
    Bad("bad period", b'{"joined_from": 1564617621}', field="joined_from", path=SEARCH),
    Bad("NUL as a page", b'{"after": "\\u0000"}', field="after", path=SEARCH),
    Bad("SQL as a page", b'{"after": "\' OR 1=1 --"}', field="after", path=SEARCH),
    Bad(
        "too many users",
        json.dumps({"user_ids": [7] * 10_001}).encode(),
        field="user_ids",
        path=SEARCH,
    ),
    Bad(
        "user beyond 2^63",
        b'{"user_ids": [9223372036854775808]}',
        row=0,
        field="user_ids",
        path=SEARCH,
    ),
    Bad("search with an array", b"[]", path=SEARCH),
]
NOT_OUTCOMES = [
    Bad("no outcomes", b"[]", path=OUTCOMES),
    Bad("no target", b'[{"user_id": 1}]', row=0, field="target", path=OUTCOMES),
    Bad("null target", b'[{"user_id": 1, "target": null}]', row=0, field="target", path=OUTCOMES),
    Bad("NaN target", b'[{"user_id": 1, "target": NaN}]', row=0, field="target", path=OUTCOMES),
    Bad(
        "unknown column",
        b'[{"user_id": 1, "target": 1, "note": "hunter2"}]',
        row=0,
        field="note",
        value="hunter2",
        path=OUTCOMES,
    ),
]
NOT_FACTS = [
    Bad("no events", b"[]", path=EVENTS),
    Bad("no customers", b"{}", path=CUSTOMERS),
    Bad("an empty event", b"[{}]", row=0, field="source", path=EVENTS),
    Bad(
        "nobody's event",
        json.dumps([event(1, customer=None, session=None)]).encode(),
        row=0,
        path=EVENTS,
    ),
    Bad(
        "property twice",
        json.dumps([event(1)]).replace('"meal": 7', '"meal": 7, "meal": 7').encode(),
        row=0,
        field="properties.meal",
        path=EVENTS,
    ),
    Bad("text for JSON", b'[{"id": "hunter2]', "malformed_json", value="hunter2", path=EVENTS),
    _fact(EVENTS, "id", 770011),
    _fact(EVENTS, "id", ""),
    _fact(EVENTS, "id", "hunter2\0"),
    _fact(EVENTS, "id", "h" * 201),
    _fact(EVENTS, "source", "h" * 101),
    _fact(EVENTS, "customer", 7),
    _fact(EVENTS, "session", ["hunter2"]),
    _fact(EVENTS, "type", None),
    _fact(EVENTS, "type", "😀" * 101),
    _fact(EVENTS, "time", "yesterday"),
    _fact(EVENTS, "time", 1564617621),
    _fact(EVENTS, "time", "2200-01-01T00:00:00Z"),
    _fact(EVENTS, "amount", "16.277625"),
    _fact(EVENTS, "amount", 1e13),
    _fact(EVENTS, "currency", "euros"),
    _fact(EVENTS, "currency", "eur"),
    _fact(EVENTS, "properties", ["hunter2"]),
    _fact(EVENTS, "properties", {"deep": [{"hunter2\0": 1}]}),
    _fact(EVENTS, "price", 770011),
    _fact(CUSTOMERS, "created", "20130422"),
    _fact(CUSTOMERS, "attributes", "hunter2"),
    _fact(CUSTOMERS, "name", "hunter2"),
]
NOT_QUESTIONS = [
    Bad("a question with an array", b"[]", path=GROWTH),
    Bad("no source", b'{"sources": []}', field="sources", path=GROWTH),
    Bad("unknown wish", b'{"hunter2": 770011}', field="hunter2", value="770011", path=GROWTH),
    Bad(
        "baseline of none", b'{"baseline": {"sources": []}}', field="baseline.sources", path=GROWTH
    ),
    Bad(
        "a period that ends before it starts",
        b'{"start": "2013-05-02", "end": "2013-05-01"}',
        path=GROWTH,
    ),
    Bad("a price below nothing", b'{"price": -770011}', field="price", path=GROWTH),
    Bad("spend as text", b'{"spend": {"TW": "hunter2"}}', field="spend.TW", path=GROWTH),
    Bad("a path for a name", b'{"category": "a\\"]"}', field="category", path=GROWTH),
    Bad("too many customers", b'{"top": 770011}', field="top", path=GROWTH),
]
NOT_FOR_US = [
    Bad("CSV", b"user_id\n1", "unsupported_media_type", content_type="text/csv"),
    Bad(
        "form",
        b"user_id=1",
        "unsupported_media_type",
        content_type="application/x-www-form-urlencoded",
    ),
    Bad("unknown route", b"[]", "not_found", path="/v1/ltv/predictions"),
    Bad(
        "pickle",
        b"\x80\x04.",
        "unsupported_media_type",
        content_type="application/vnd.bentoml+pickle",
    ),
    Bad(
        "multipart",
        b"--x--",
        "unsupported_media_type",
        content_type="multipart/form-data; boundary=x",
    ),
    Bad("two types", b"[]", "unsupported_media_type", content_type="application/json, text/csv"),
    Bad("empty type", b"[]", "unsupported_media_type", content_type=""),
    Bad("TRACE", None, "method_not_allowed", method="TRACE"),
    Bad("OPTIONS", None, "method_not_allowed", method="OPTIONS"),
    Bad("unknown page", None, "not_found", path="/v2", method="GET"),
    Bad("GET", None, "method_not_allowed", method="GET"),
    Bad("DELETE", None, "method_not_allowed", method="DELETE"),
    Bad("PUT", b"[]", "method_not_allowed", method="PUT"),
]
CORPUS = [
    *NOT_JSON,
    *NOT_USERS,
    *KEYS_TWICE,
    *WRONG_VALUES,
    *NOT_SEARCHES,
    *NOT_OUTCOMES,
    *NOT_FACTS,
    *NOT_QUESTIONS,
    *NOT_FOR_US,
]


def too_large(megabytes: int) -> bytes:
    """A body of more than that, and nothing wrong with it but its size."""
    return b"[" + _USER + b" " * (megabytes * 1_000_000) + b"]"


def in_chunks(body: bytes) -> Iterator[bytes]:
    """The same without a length in front."""
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]
