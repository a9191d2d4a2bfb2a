"""Members of objects by column: in parts or at once, they are what `column_of` makes of them."""

import json
from typing import Any

import numpy as np
import pytest

from valuebox.compartments.offers.candidates import column_of
from valuebox.compartments.offers.objects import Objects
from valuebox.features.declared.columns import Coded, Column
from valuebox.features.declared.scalars import text

ODD: list[dict[str, Any]] = [
    {"a": 1, "b": "x", "c": True},
    {"a": 2.5, "b": None, "c": False},
    {"a": None, "c": None, "later": "7"},
    {"a": 10**400, "b": [1], "c": True, 'später "und" mehr': {"d": 1}},
    {"a": 3, "b": "y", "c": False, "later": 7},
    {},
    {"a": "four", "b": "x", "later": True},
]


def read(rows: list[dict[str, Any]], size: int) -> dict[str, Column]:
    objects = Objects()
    for start in range(0, len(rows), size):
        objects.add([json.dumps(one) for one in rows[start : start + size]])
    return objects.columns()


def plain(column: Column) -> list[str | None]:
    if not isinstance(column, Coded):
        return [None if np.isnan(one) else text(one) for one in column.tolist()]
    return [text([*column.values, None][code]) for code in column.codes.tolist()]


@pytest.mark.parametrize("size", [1, 2, 3, len(ODD)])
@pytest.mark.parametrize("count", [2, 3, len(ODD)])
def test_columns_are_those_of_all_values(size: int, count: int) -> None:
    rows = ODD[:count]
    found = read(rows, size)
    names = list(dict.fromkeys(name for one in rows for name in one))
    assert list(found) == names
    for name in names:
        expected = column_of([one.get(name) for one in rows])
        assert isinstance(found[name], Coded) == isinstance(expected, Coded), name
        assert plain(found[name]) == plain(expected), name


def test_lists_are_read_one_behind_the_other() -> None:
    objects = Objects(are_lists=True)
    objects.add(['[{"a": 1}, {"a": 2}]', "[]"])
    objects.add(['[{"a": 3, "b": "x"}]'])
    found = objects.columns()
    assert objects.sizes == [2, 0, 1]
    assert plain(found["a"]) == ["1", "2", "3"]
    assert plain(found["b"]) == [None, None, "x"]


def test_only_what_is_wanted_is_read() -> None:
    objects = Objects(only=["a", "z"])
    objects.add(['{"a": 1, "b": 2}', '{"c": {"d": [1]}}'])
    found = objects.columns()
    assert {name: plain(one) for name, one in found.items()} == {
        "a": ["1", None],
        "z": [None, None],
    }
