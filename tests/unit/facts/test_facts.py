"""Customers and events before they reach a database."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from valuebox.facts.arriving import ArrivingCustomers
from valuebox.facts.merging import is_same, merged, with_told
from valuebox.facts.schemas import Customers

MOMENTS = st.none() | st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)
)
ATTRIBUTES = st.none() | st.dictionaries(
    st.sampled_from("abc"), st.sampled_from((None, True, 0, 1, "x"))
)


@pytest.mark.parametrize("digits", [310, 1_000])
@pytest.mark.parametrize("where", ['{"score": %s}', '{"of": [1, {"score": -%s}]}'])
def test_integers_that_no_float_reaches_are_refused(digits: int, where: str) -> None:
    sent = f'[{{"source": "shop", "id": "1", "attributes": {where % ("9" * digits)}}}]'
    with pytest.raises(ValidationError, match=r"below 1\.8e308"):
        Customers.model_validate_json(sent)
    fitting = sent.replace("9" * digits, "9" * 308)
    assert (
        json.loads(fitting)[0]["attributes"]
        == Customers.model_validate_json(fitting).root[0].attributes
    )


@given(st.lists(st.tuples(st.sampled_from(("1", "2")), MOMENTS, ATTRIBUTES), min_size=1))
@pytest.mark.slow
def test_customers_told_of_at_once_are_those_told_of_one_by_one(sent: list[Any]) -> None:
    ids, created, attributes = map(list, zip(*sent, strict=True))
    columns = ArrivingCustomers(["shop"] * len(ids), ids, created, attributes)
    told, doubled = merged(columns)
    assert len(told) + len(doubled) == len(ids)
    assert sorted([ids[row] for row in doubled] + list(told.id)) == sorted(ids)
    for row, customer in enumerate(told.id):
        known, since = None, None
        for other, moment, some in sent:
            if other == customer:
                known, since = with_told(known, some), moment or since
        assert with_told(None, told.attributes[row]) == known
        assert told.created[row] == since


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2.0, "a": 1}, True),
        ({"a": [1, {"b": True}]}, {"a": [1, {"b": 1}]}, False),
        ({"a": None}, {}, False),
        ([1, 2], [2, 1], False),
        (None, {}, False),
        ("1", 1, False),
    ],
)
def test_json_is_compared_by_value(one: Any, other: Any, same: bool) -> None:
    assert is_same(one, other) is same
