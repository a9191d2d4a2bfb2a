"""Outcomes are decoded as their models would have it, or left to these."""

import json
from typing import Any

import pytest
from pydantic import ValidationError
from support.odd_bodies import NUMBERS

from valuebox.compartments.ltv.schemas import Outcomes
from valuebox.schemas.requests import Decoded

LONG = " " * 800


def read(body: bytes, how: Any) -> Any:
    """The values of all users and how many rows there were, or what is wrong."""
    try:
        found = how(body)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False, include_input=False)
    return repr(list(found.columns.items())), found.n_rows


@pytest.mark.parametrize("name", ["user_id", "target"])
def test_each_odd_outcome_is_read_as_by_its_model(name: str) -> None:
    for value in NUMBERS:
        row = {"user_id": "7", "target": "-3.25"} | {name: value}
        line = "{" + ",".join(f'"{key}":{one}' for key, one in row.items()) + "}"
        for lines in (line, f"{line},{line.replace('7', '8')},{line}"):
            body = f"[{LONG}{lines}]".encode()
            assert read(body, Outcomes.read) == read(body, Outcomes.model_validate_json), body


@pytest.mark.parametrize(
    ("row", "rows", "is_decoded"),
    [
        ('{"user_id":7,"target":1}', 10_000, True),
        ('{"user_id":7,"target":1}', 10_001, False),
        ('{"user_id":7,"target":1,"user_id":7}', 9, False),
        ('{"user_id":7,"target":1,"more":1}', 9, False),
        ('{"user_id":7}', 9, False),
    ],
)
def test_what_may_be_wrong_is_left_to_the_models(row: str, rows: int, is_decoded: bool) -> None:
    body = f"[{LONG}{','.join([row] * rows)}]".encode()
    wanted = read(body, Outcomes.model_validate_json)
    assert read(body, Outcomes.read) == wanted
    if is_decoded:
        assert isinstance(Outcomes.read(body), Decoded)
    else:
        assert isinstance(wanted, list)


def test_of_a_user_who_is_told_of_twice_the_last_value_counts() -> None:
    rows = [{"user_id": 1, "target": float(n)} for n in range(50)]
    found = Outcomes.read(json.dumps(rows).encode())
    assert isinstance(found, Decoded)
    assert (found.columns, found.n_rows) == ({1: 49.0}, 50)
