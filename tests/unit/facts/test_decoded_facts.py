"""Customers and events are decoded as their models would have it, or left to these."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from support.odd_bodies import (
    GOOD_TEXTS,
    MOMENTS,
    NUMBERS,
    SPELLINGS,
    TEXTS,
    damaged,
    one_in,
    text_of,
)

from valuebox.facts import decoding
from valuebox.facts.arriving import ArrivingCustomers, ArrivingEvents
from valuebox.facts.schemas import MAX_ROWS, Customers, Events
from valuebox.facts.tables import Customer, Event
from valuebox.schemas.requests import Decoded
from valuebox.store import copying, sqlite_values
from valuebox.store.base import Base
from valuebox.store.writing import table_of

Columns = ArrivingCustomers | ArrivingEvents

KINDS: Final[dict[type[Any], tuple[type[Base], Callable[[bytes], Columns | None]]]] = {
    Customers: (Customer, decoding.customers_of),
    Events: (Event, decoding.events_of),
}
PLAIN: Final[dict[type[Any], dict[str, str]]] = {
    Customers: {
        "source": '"shop"',
        "id": '"1017"',
        "created": '"2013-04-22T05:47:57Z"',
        "attributes": '{"campaign":"TW"}',
    },
    Events: {
        "source": '"shop"',
        "id": '"e-1"',
        "customer": '"1017"',
        "session": '"s-4711"',
        "type": '"bought"',
        "time": '"2013-05-02 18:20:13"',
        "amount": "12.5",
        "currency": '"USD"',
        "properties": '{"category":"thai","meal":7}',
    },
}
"""A row: what stands in JSON by the name of the column."""
OBJECTS: Final = [
    "{}", '{"a":1}', '{"a":null,"b":true}', '{"a":[1,2]}', '{"a":{"b":1}}', '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}', '{"a":"\\u0000"}', '{"\\u0000":1}', '{"":""}', '{"a":1e400}',
    '{"a":NaN}', '{"a":"x":1}', '{"a" :1}', '{"a":"\\":"}', '[]', '"{}"', '{"a":"\\ud800"}',
    '{"a":%s}' % ("9" * 310), '{"a":9223372036854775808}', '{"a":-0,"b":-0.0}', '{"source":1}',
    '{"a":"%s"}' % ("x" * 40_000), '{"a":"%s"}' % ("x" * 70_000),
    '{"a":%s}' % ("[" * 300 + "]" * 300),
]  # fmt: skip


def outcome(kind: type[Any], read: Callable[[bytes], Any], body: bytes) -> Any:
    """The verdict on a body, with all that is stored of it, to the last bit."""
    try:
        found = read(body)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False, include_input=False)
    return stored(kind, found.columns), found.n_rows


def stored(kind: type[Any], columns: Columns) -> str:
    """What both databases are given, and the values of objects."""
    table = table_of(KINDS[kind][0])
    told = dict(vars(columns))
    objects = told.pop("properties" if kind is Events else "attributes")
    texts = sqlite_values._json(objects)
    values = [None if one is None else json.loads(one) for one in texts]
    pairs = [(table.c[name].type, values) for name, values in told.items()]
    return repr(
        (list(copying.binary(pairs, len(columns))), list(sqlite_values.values(pairs)), values)
    )


def same(kind: type[Any], body: bytes) -> str:
    """How a body is read: `decoded` or `refused`, or else by the `model`, and always as by it."""
    wanted = outcome(kind, kind.model_validate_json, body)
    columns = KINDS[kind][1](body)
    if columns is not None:
        assert (stored(kind, columns), len(columns)) == wanted, body
        return "decoded"
    assert outcome(kind, kind.read, body) == wanted, body
    return "model" if isinstance(wanted, tuple) else "refused"


@st.composite
def values(draw: st.DrawFn, name: str, spelling: str) -> str:
    """What stands for a value: mostly one that fits, else any."""
    if one_in(60, draw):
        return draw(st.sampled_from(NUMBERS + OBJECTS))
    if one_in(60, draw):
        return text_of(draw, draw(st.sampled_from(MOMENTS + TEXTS)))
    if one_in(30, draw):
        return "null"
    if name in ("time", "created"):
        moments = st.datetimes(datetime(1969, 12, 1), datetime(2200, 1, 31))
        return json.dumps(
            draw(st.sampled_from(MOMENTS)) if one_in(40, draw) else draw(moments).strftime(spelling)
        )
    if name == "amount":
        return repr(draw(st.floats(-1e12, 1e12) | st.sampled_from([0, -5, 1e12, 0.3975])))
    if name == "currency":
        return draw(
            st.sampled_from(['"USD"', '"EUR"', '"USD"', '"EUR"', '"usd"', '"USD\\n"', '"ÄÖÜ"'])
        )
    if name in ("attributes", "properties"):
        names = draw(st.lists(st.sampled_from([*GOOD_TEXTS, "a"]), max_size=3, unique=True))
        scalars = st.sampled_from(["1", "2.5", "true", "null", '"x"', "-7", "1e3"])
        members = [f"{text_of(draw, one)}:{draw(scalars)}" for one in names]
        members += ['"in it":[1,{}]'] if one_in(8, draw) else []
        return draw(st.sampled_from(OBJECTS)) if one_in(20, draw) else "{" + ",".join(members) + "}"
    return text_of(
        draw, draw(st.sampled_from([*filter(None, GOOD_TEXTS)]) | st.text(max_size=4)) or "x"
    )


@st.composite
def bodies(draw: st.DrawFn, kind: type[Any]) -> bytes:
    """Customers or events as they are sent, or after a bad day."""
    needed = ["source", "id", *(["type", "time", "customer"] if kind is Events else [])]
    names = [*needed, *draw(st.sets(st.sampled_from([*PLAIN[kind]]))) - {*needed}]
    if one_in(20, draw):
        names.append(draw(st.sampled_from([*PLAIN[kind], "stv", "a\0b", "é"])))
    spelling = draw(st.sampled_from(SPELLINGS))
    lines = []
    for _ in range(draw(st.sampled_from([1, 1, 2, 2, 3, 0]))):
        pairs = [
            f"{text_of(draw, name) if one_in(40, draw) else json.dumps(name)}:"
            f"{draw(values(name, spelling))}"
            for name in names
            if not one_in(60, draw)
        ]
        lines.append("{" + ",".join(pairs) + "}")
    return damaged(draw, f"[{','.join(lines)}]")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_no_odd_body_is_read_otherwise_than_by_the_models(
    kind: type[Any], fuzz_examples: int
) -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=2 * fuzz_examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(bodies(kind))
    def check(body: bytes) -> None:
        seen[same(kind, body)] += 1

    check()
    sys.stdout.write(f"bodies of {kind.__name__.lower()}: {dict(seen)}\n")
    # Bodies that need the model are rare: a few may be without; some stand in a test below.
    rare = {"model"} if fuzz_examples >= 1_000 else set()
    assert {"decoded", "refused", *rare} <= {*seen}


@pytest.mark.parametrize("kind", KINDS)
def test_each_odd_value_is_read_as_by_the_models(kind: type[Any]) -> None:
    texts = [json.dumps(one) for one in MOMENTS + TEXTS]
    for name in PLAIN[kind]:
        for value in NUMBERS + OBJECTS + texts:
            row = PLAIN[kind] | {name: value}
            line = "{" + ",".join(f'"{key}":{one}' for key, one in row.items()) + "}"
            same(kind, f"[{line}]".encode("utf-8", "surrogatepass"))


def rows_of(kind: type[Any], count: int, **columns: Any) -> bytes:
    row = {name: json.loads(value) for name, value in PLAIN[kind].items()} | columns
    return json.dumps([row] * count).encode()


@pytest.mark.parametrize(
    ("body", "how"),
    [
        (rows_of(Events, 9), "decoded"),
        (rows_of(Events, 1, session=None, amount=None, currency=None, properties=None), "decoded"),
        (rows_of(Events, 1, session=None, customer=None), "refused"),
        (rows_of(Events, MAX_ROWS), "decoded"),
        (rows_of(Events, MAX_ROWS + 1), "refused"),
        (rows_of(Events, 1, id="x" * 200), "decoded"),
        (rows_of(Events, 1, id="x" * 201), "refused"),
        (rows_of(Events, 1, source="é" * 101), "refused"),
        (rows_of(Events, 1, type="x" * 101), "refused"),
        (rows_of(Events, 1, currency="USD\n"), "refused"),
        (rows_of(Events, 1, amount=-1e12), "decoded"),
        (rows_of(Events, 1, amount=1.1e12), "refused"),
        (rows_of(Events, 1, properties={"tags": ["a"]}), "model"),
        (rows_of(Events, 1, time="2013-05-02T18:20:13+00:00"), "decoded"),
        (rows_of(Events, 1, time="2013-05-02T18:20:13+02:00"), "model"),
        (rows_of(Events, 1, more=1), "refused"),
    ],
)
def test_which_events_are_decoded(body: bytes, how: str) -> None:
    assert same(Events, body) == how


def test_customers_of_whom_little_is_known_are_decoded() -> None:
    columns = decoding.customers_of(
        b'[{"source":"shop","id":"1"},{"source":"a","id":"2","created":"2013-01-01"}]'
    )
    assert columns is not None
    assert np.array_equal(
        columns.created, np.array(["NaT", "2013-01-01"], "M8[us]"), equal_nan=True
    )
    assert columns.attributes == [None, None]
    assert isinstance(Customers.read(rows_of(Customers, 20)), Decoded)
    assert isinstance(Customers.read(rows_of(Customers, 1)), Customers)
