"""Columns of ids, names, attributes and properties: numbers are numbers, and codes stay codes."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.columns import array, decided

from valuebox_cli.importing.columns.plain import As, PlainColumn
from valuebox_cli.importing.columns.texts import TextColumn, as_texts
from valuebox_cli.importing.columns.unclear import UnclearColumn


def read(values: Sequence[Any] | pa.Array, as_: As | None = None) -> list[Any]:
    """A whole column of attributes."""
    found: list[Any] = decided(PlainColumn("score", as_), values).read(array(values)).tolist()
    return found


def ids(values: Sequence[Any] | pa.Array) -> list[Any]:
    """A whole column of ids."""
    found: list[Any] = decided(TextColumn("id"), values).read(array(values)).tolist()
    return found


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (["101", "101.0", " ", None, "-7.5"], [101, 101, None, None, -7.5]),
        (["0", "0.0", "-0"], [0, 0, 0]),
        (["1e-05", "1.5e+20"], [1e-05, 1.5e20]),
        (["0.30000000000000004"], [0.30000000000000004]),
        (["123456789012345"], [123456789012345]),
        (["1.10", "2.25", "3.00"], [1.1, 2.25, 3]),
        (["1.0", "2.25", "3"], [1, 2.25, 3]),
    ],
)
def test_a_column_of_which_all_are_numbers_is_numbers(
    values: list[Any], numbers: list[Any]
) -> None:
    found = read(values)
    assert found == numbers
    assert [type(one) for one in found] == [type(one) for one in numbers]


@pytest.mark.parametrize(
    "values",
    [
        ["007", "8"],
        ["+5", "6"],
        ["1234567890123456", "5"],
        ["2e5", "3"],
        ["1.1", "1.10"],
        ["2.10", "2.9", "3"],
        ["1,5", "2"],
        ["5", "6 "[:1] + "a"],
        ["0x10", "1"],
        ["1_000", "1"],
        ["nan", "1"],
        ["١٢", "1"],
        ["1.2.3"],
    ],
)
def test_codes_stay_texts(values: list[str]) -> None:
    assert read([*values, None]) == [*values, None]


def test_the_mapping_may_say_that_they_are_names_or_numbers() -> None:
    assert read(["5", "5.0", "6"], "name") == ["5", "5", "6"]
    assert read([5.0, 6.0, None], "name") == ["5", "6", None]
    assert read(["007", "+5", "1.0"], "number") == [7, 5, 1]
    with pytest.raises(UnclearColumn, match=r"score .* 'seven' \(row 2\), 'inf' \(row 3\)"):
        read(["7", "seven", "inf"], "number")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, 2, None], [1, 2, None]),
        ([1.0, math.nan, 2.5, math.inf], [1, None, 2.5, None]),
        ([True, None], [True, None]),
        ([Decimal("7.00"), Decimal("7.5")], [7, 7.5]),
        ([date(2013, 5, 2)], ["2013-05-02"]),
        ([datetime(2013, 5, 2, 18, tzinfo=UTC)], ["2013-05-02T18:00:00+00:00"]),
        ([7, 2.5, "7 $", None], [7, 2.5, "7 $", None]),
        ([{"a": 1.0}, {"b": [None, math.nan]}, None], [{"a": 1}, {"b": [None, None]}, None]),
        ([["x", "y"], [1, "x"]], [["x", "y"], [1, "x"]]),
        ([b"x", memoryview(b"\xff\x00")], ["x", "ff00"]),
        ([10**30], [10**30]),
        (pa.array([["x"], None]), [["x"], None]),
        (pa.array([{"a": 1.5}, None]), [{"a": 1.5}, None]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.nulls(2), [None, None]),
        ([], []),
    ],
)
def test_values_become_what_json_has(values: Any, found: list[Any]) -> None:
    assert read(values) == found


UUIDS = [UUID(int=5), UUID("72d76fde-0000-4e00-8c23-a032dfed738c")]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([7, None], ["7", None]),
        ([7.0, math.nan, 7.5, math.inf], ["7", None, "7.5", "inf"]),
        ([Decimal("7.00")], ["7"]),
        ([2**60 + 1], [str(2**60 + 1)]),
        ([" a b ", "007", "  ", None], ["a b", "007", None, None]),
        (["101.0", "102.0", None], ["101", "102", None]),
        (["101.0", "102"], ["101", "102"]),
        # Versions, of which one is no whole number.
        (["1.0", "1.1"], ["1.0", "1.1"]),
        (["101.0", "C102"], ["101.0", "C102"]),
        (["007.0", "8.0"], ["007.0", "8.0"]),
        ([7, 7.0, "7", "a"], ["7", "7", "7", "a"]),
        (UUIDS, [str(one) for one in UUIDS]),
        (pa.array([one.bytes for one in UUIDS], pa.uuid()), [str(one) for one in UUIDS]),
        ([b"u1", memoryview(b"\xc3\xa9"), bytearray(b"\xff\x00")], ["u1", "é", "ff00"]),
        ([b"\x00\x01", b"a\nb"], ["0001", "610a62"]),
        (pa.array([UUIDS[0].bytes], pa.binary(16)), [UUIDS[0].hex]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array(["a"], pa.string_view()), ["a"]),
        (pa.array([1], pa.uint64()), ["1"]),
        ([True], ["True"]),
        ([date(2013, 5, 2)], ["2013-05-02"]),
        ([datetime(2019, 10, 1)], ["2019-10-01 00:00:00"]),
        ([], []),
    ],
)
def test_ids_are_texts(values: Any, texts: list[Any]) -> None:
    assert ids(values) == texts


@settings(max_examples=15, deadline=None)
@given(st.lists(st.binary(max_size=20)))
def test_bytes_are_the_same_text_however_they_come(octets: list[bytes]) -> None:
    texts = as_texts(pa.array(octets, pa.binary())).tolist()
    assert as_texts(array([memoryview(one) for one in octets])).tolist() == texts
    assert [as_texts(pa.array([one], pa.large_binary()))[0] for one in octets] == texts
    assert all(
        text is None or ("b'" not in text or b"b'" in one)
        for one, text in zip(octets, texts, strict=True)
    )


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-(10**14), 10**14) | st.floats(-1e9, 1e9)))
def test_numbers_come_back_from_a_csv(numbers: list[float]) -> None:
    assert read([str(one) for one in numbers]) == numbers
    np.testing.assert_array_equal(read(numbers), numbers)
