"""Users who look like an attack and are good input: stored as they came, and that is all."""

import json
from typing import Any

SQL = "'; DROP TABLE ltv_features; DELETE FROM ltv_predictions; --"
TEXTS = {
    "SQL": SQL,
    "SQL with quotes": 'x" OR "1"="1\'; SELECT pg_sleep(60); --',
    "placeholders": "%s %(x)s :x ? {x} ${x} \\x $1 %n",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{7*7}} ${jndi:ldap://127.0.0.1/a} <%= 7*7 %>",
    "formula": '=HYPERLINK("http://127.0.0.1")',
    "lines": "a\r\nSet-Cookie: a=b\r\n\r\n\tb",
    "control characters": "\x01\x08\x1b[31m\x7f\x85\u2028",
    "right to left": "\u202eSU\u202c",
    "combined": "Z" + "\u0301" * 99,
    "hundred emoji": "😀" * 100,
    "not a character": "\ufffe\uffff\U0010ffff",
    "half a percent": "%00%ff../../etc/passwd",
    "words": "null",
    "empty": "",
    "spaces": "   ",
}
NAMES = (
    *("__proto__", "__class__", "__dict__", "__init__", "constructor", "self", "copy"),
    *("model_config", "model_fields", "model_extra", "model_dump", "__pydantic_extra__"),
    *("id", "request_id", "received_at", "stv", "extra", "root", "_sa_instance_state"),
    *(
        "prediction",
        "model",
        "join_date ",
        "USER_ID",
        SQL,
        "",
        " ",
        "\n",
        "😀",
        "a.b[0]",
        "n" * 10_000,
    ),
)


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": [value]}
    return value


# By name, columns on top of a user's own.
EXTRAS: dict[str, dict[str, Any]] = {
    "every name": {name: {"of": name} for name in NAMES},
    "every text": {f"text {name}": text for name, text in TEXTS.items()},
    "three thousand columns": {f"column_{number}": number for number in range(3_000)},
    "nested 190 deep": {"x": _nested(95)},
    "integer of 4,000 digits": {"x": 10**4_000 - 1},
    "integers about 2^63": {"x": [2**63 - 1, 2**63, -(2**63) - 1, 2**64]},
    "floats at the borders": {"x": [1.7976931348623157e308, 5e-324, 0.1, 1e22]},
    "a long text": {"x": "ä" * 32_000},
}
# As JSON writes them, with what is stored in their place.
NUMBERS = {
    "1." + "3" * 1_000: 1.3333333333333333,
    "0." + "0" * 400 + "1": 0.0,
    "1e-400": 0.0,
    "-0.0": 0.0,
    "-0": 0.0,
    "1000000": 1_000_000.0,
    "999999.9999999999999999999999": 1_000_000.0,
    "1E+5": 100_000.0,
}
DATES = {
    "1970-01-01": "1970-01-01T00:00:00",
    "2199-12-31T23:59:59.999999": "2199-12-31T23:59:59.999999",
    "2020-02-29 23:59": "2020-02-29T23:59:00",
    "1970-01-01T00:00:00+23:59": "1969-12-31T00:01:00",
    "2199-12-31T23:59:59-23:59": "2200-01-01T23:58:59",
    "2019-08-01T00:00:00.1234567": "2019-08-01T00:00:00.123456",
}


def one_user(user_id: int, columns: str) -> bytes:
    """A body with one user; `columns` is JSON without its braces."""
    return f'[{{"user_id": {user_id}, {columns}}}]'.encode()


def columns(values: dict[str, Any]) -> str:
    """Columns as `one_user` takes them."""
    return json.dumps(values)[1:-1]
